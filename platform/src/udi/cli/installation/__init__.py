"""What is done for all territories with rights on both programs: gather figures, and do what operators ask for."""
