// Package devices holds the shipped drivers: a folder each, with the script that knows a vendor's tool, what the tool was seen to print
// (transcripts), and how a simulated one answers (simulated.yaml). They are scripts to be read and changed: a copy in a user's or a
// project's folder replaces the shipped one. Read next: lightmatter-envise/lightmatter-envise.lua.
package devices

import "embed"

// Files are the shipped drivers.
//
//go:embed */*.lua */*.yaml */transcripts/*
var Files embed.FS
