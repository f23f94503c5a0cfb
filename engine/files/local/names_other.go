//go:build unix && !linux

package local

import "golang.org/x/sys/unix"

// names reads some names of a folder, into a buffer of who asks; none at its end. What they are has to be looked at.
func (f *folder) names(buffer []byte) ([]name, error) {
	n, err := retried(func() (int, error) { return unix.ReadDirent(f.fd, buffer) })
	if err != nil || n <= 0 {
		return nil, err
	}
	_, _, texts := unix.ParseDirent(buffer[:n], -1, nil)
	if len(texts) == 0 {
		return f.names(buffer) // a folder's own names alone are not its end
	}
	out := make([]name, len(texts))
	for i, text := range texts {
		out[i] = name{text: text}
	}
	return out, nil
}
