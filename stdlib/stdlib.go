// Package stdlib holds the Lua libraries that every script may require. They are scripts like any other: they reach the outside
// world only through modules. Read next: report.lua.
package stdlib

import "embed"

// Files are the libraries, by file name.
//
//go:embed *.lua
var Files embed.FS
