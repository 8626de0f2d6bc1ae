"""How a plan stands up to effects that turn out otherwise, and a plan that hedges."""
