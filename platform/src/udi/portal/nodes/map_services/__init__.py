"""Maps of services of others, shown to whoever asks for them: their layers are read by this program, their pictures by the browser."""
