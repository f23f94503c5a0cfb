// Package replace puts a file in the place of an older one in one step: a crash, or a reader at that moment, sees the old one or
// the new one, never half of it. It does not wait for the disk: what a lab keeps need not survive the machine.
package replace

import "os"

// File replaces the file at path, which only its owner may read. Two must not replace one file at the same time.
func File(path string, content []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
