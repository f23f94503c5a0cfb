// Package runbooks holds the shipped procedures: a folder each, with its script, its tests and its scenarios. They are scripts to
// be read and changed: a copy in a user's or a project's folder replaces the shipped one. Read next: compiler-down.
package runbooks

import "embed"

// Files are the shipped runbooks: a folder each, with a script of the folder's name, its tests and its scenarios; scenarios is what they extend.
//
//go:embed */*.lua */scenarios/*.yaml scenarios
var Files embed.FS
