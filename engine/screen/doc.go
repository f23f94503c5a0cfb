// Package screen turns the records of a run into what a person or a program sees: Text prints it as it happens, Document collects
// it for -o json, Prompt asks. Because a screen is made of journal records and nothing else, a stored journal replays to the same
// screen.
//
// It never decides anything, never talks to the outside world but through the writers and the reader it was given, and never lets
// a byte that came from a site reach a terminal without passing clean.go. Secrets were already taken out of the records.
//
// Colours are the eight that every terminal has, so they are a dozen constants here rather than a styling library. Widths come
// from clipperhouse/displaywidth, which knows graphemes and costs nothing at start-up.
//
// Read next: text.go for the way of one record, paper.go for how lines and the live line share a terminal, and engine/journal
// for what a record holds.
package screen
