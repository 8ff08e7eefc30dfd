"""The page on models: tiers and routes as they run, as staging has them, and how they change."""
