"""Static checks of what is deployed: templates, state machine, IAM policies. Nothing here needs AWS or the network."""
