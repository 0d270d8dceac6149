"""What the worker does by itself: reminders, removals, erasures, figures, old copies."""
