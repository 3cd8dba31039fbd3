"""The verbs that are about days and weeks: what was written down, the schedule, the care plan, reports and exports."""
