//go:build unix && !(linux && (amd64 || arm64))

package local

import "golang.org/x/sys/unix"

// statListed looks at a name as names listed it.
func (f *folder) statListed(n *name, st *unix.Stat_t) error { return f.stat(n.text, st) }
