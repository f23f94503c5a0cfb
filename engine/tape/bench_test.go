package tape

import (
	"fmt"
	"testing"

	"runbook/engine/journal"
)

// BenchmarkSelect chooses of a group of ten thousand branches, half of which had failed.
func BenchmarkSelect(b *testing.B) {
	var records []*journal.Record
	for i := range 10_000 {
		branch := fmt.Sprintf("pod-%d", i)
		records = append(records, in(branch, read("a")), in(branch, read("b")))
		if i%2 == 0 {
			records = append(records, in(branch, failedRead("c")))
		}
	}
	all := journalOf(records...)
	for b.Loop() {
		if _, err := Select(all, 0); err != nil {
			b.Fatal(err)
		}
	}
}
