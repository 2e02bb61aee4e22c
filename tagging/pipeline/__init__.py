"""tf.data: from files to batches of windows and images."""
