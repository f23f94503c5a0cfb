//go:build unix && !linux

package local

func move(in *folder, name string, there *folder, newName string) error {
	return moveUnguarded(in, name, there, newName)
}
