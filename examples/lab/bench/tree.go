package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// What is in the large cache: so many files, in folders of so many, of which one in so many is old.
const (
	treeFiles  = 200_000
	treeFolder = 1_000
	treeOldOne = 100
)

// treeMade is a file that is in the cache once it is whole.
const treeMade = "made"

// largeTree is a cache with many files, below a folder in which it stays for the next time.
func largeTree(folder string) (string, error) {
	root := filepath.Join(folder, "bench-files")
	made := filepath.Join(root, treeMade)
	if _, err := os.Stat(made); err == nil {
		return filepath.Join(root, "cache"), nil
	}
	fmt.Fprintf(os.Stderr, "making %d files in %s\n", treeFiles, root)
	for i := range treeFiles {
		if err := treeFile(filepath.Join(root, "cache"), i); err != nil {
			return "", fmt.Errorf("make the files to search: %w", err)
		}
	}
	return filepath.Join(root, "cache"), os.WriteFile(made, nil, 0o600)
}

// treeFile makes one of the files.
func treeFile(root string, number int) error {
	path := filepath.Join(root, fmt.Sprintf("%03d", number/treeFolder), fmt.Sprintf("entry-%06d.bin", number))
	if number%treeFolder == 0 {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	// As old as the bench is never: it is made once.
	changed := time.Now().AddDate(1, 0, 0)
	if number%treeOldOne == 0 {
		changed = time.Now().AddDate(0, 0, -10)
	}
	return os.Chtimes(path, changed, changed)
}
