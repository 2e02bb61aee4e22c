"""Augmentation of batches of images in tf.data. Kept empty: `settings` must import without TensorFlow."""
