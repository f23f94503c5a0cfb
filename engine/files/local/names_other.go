//go:build unix && !linux

package local

import "golang.org/x/sys/unix"

// names reads some names of a folder into what who asks keeps for it; none at its end. They are good until it is read into again. What they
// are has to be looked at.
func (f *folder) names(into *listing) ([]name, error) {
	n, err := retried(func() (int, error) { return unix.ReadDirent(f.fd, into.buffer) })
	if err != nil || n <= 0 {
		return nil, err
	}
	_, _, texts := unix.ParseDirent(into.buffer[:n], -1, nil)
	if len(texts) == 0 {
		return f.names(into) // a folder's own names alone are not its end
	}
	into.names = into.names[:0]
	for _, text := range texts {
		into.names = append(into.names, name{text: text})
	}
	return into.names, nil
}
