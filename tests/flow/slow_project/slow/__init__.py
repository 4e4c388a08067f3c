"""Parts that stand still at the stage named by STOP_AT until they are let go, or stopped."""
