package replace

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReaderOfTheOldFileReadsItToItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := File(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close() //nolint:errcheck // it is only read
	if err := File(path, []byte("new and longer")); err != nil {
		t.Fatal(err)
	}
	old := make([]byte, 10)
	if n, err := reader.Read(old); string(old[:n]) != "old" || err != nil {
		t.Errorf("read %q, %v", old[:n], err)
	}
	if text, err := os.ReadFile(path); string(text) != "new and longer" || err != nil {
		t.Errorf("in its place is %q, %v", text, err)
	}
}

func TestFileThatCannotBeWrittenLeavesTheOldOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := File(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".next", 0o700); err != nil { // in the way
		t.Fatal(err)
	}
	if err := File(path, []byte("new")); err == nil {
		t.Error("want an error")
	}
	if text, err := os.ReadFile(path); string(text) != "old" || err != nil {
		t.Errorf("left is %q, %v", text, err)
	}
}
