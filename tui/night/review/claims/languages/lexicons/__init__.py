"""The words of each language that is read; a module is imported when such text is seen."""
