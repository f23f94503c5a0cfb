// Package stdlib holds the Lua libraries that every script may require. They are scripts like any other: they reach the outside
// world only through modules. Their tests lie beside them, and are not part of what a script can require: hence one line for each
// library. Read next: report.lua.
package stdlib

import "embed"

// Files are the libraries, by file name.
//
//go:embed arguments.lua
//go:embed calendar.lua
//go:embed checklist.lua
//go:embed communication.lua
//go:embed drain.lua
//go:embed escalation.lua
//go:embed gather.lua
//go:embed health.lua
//go:embed images.lua
//go:embed incident.lua
//go:embed parse.lua
//go:embed report.lua
//go:embed retry.lua
//go:embed selector.lua
//go:embed situation.lua
//go:embed stats.lua
//go:embed timeline.lua
//go:embed trivy.lua
//go:embed units.lua
//go:embed updates.lua
//go:embed usage.lua
//go:embed vulnerabilities.lua
var Files embed.FS
