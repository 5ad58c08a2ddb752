"""Words and small tools: statuses, errors, deadlines, texts. Imports nothing else of ours."""
