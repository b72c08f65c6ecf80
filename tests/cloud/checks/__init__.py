"""Static checks of what is deployed: templates, state machine, IAM policies. They need neither AWS nor a network."""
