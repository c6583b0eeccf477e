// What the script that every page has shares with the one that draws.

export const kit = {}
