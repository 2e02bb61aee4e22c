"""Front ends: Keras layers that turn waveform windows into the images a network sees."""
