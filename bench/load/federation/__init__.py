"""How well files are read: labels of real files, generated families of hard ones, and the score of each part."""
