package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"
)

// newYear is a moment whose week before lies in another year, and whose day is another one west of Greenwich.
var newYear = time.Date(2027, time.January, 1, 2, 30, 0, 0, time.UTC)

func TestThereIsABackupOfEachDayUntilYesterday(t *testing.T) {
	days := map[string]int{}
	for _, object := range Objects(newYear.In(time.FixedZone("west", -8*60*60))) {
		day, rest, _ := strings.Cut(object.Key, "/")
		if !strings.HasPrefix(rest, "cache/") {
			t.Errorf("%s is not where the handbook looks for it", object.Key)
		}
		days[day]++
	}
	if len(days) != Days || days["20261231"] == 0 || days["20261225"] == 0 {
		t.Errorf("there are objects of %v, want those from 20261225 to 20261231", days)
	}
	for day, count := range days {
		if count < 40 {
			t.Errorf("only %d objects are of %s", count, day)
		}
	}
}

func TestOnlyTheDamagedDayDiffersFromItsSums(t *testing.T) {
	objects := Objects(newYear)
	for daysAgo := 1; daysAgo <= Days; daysAgo++ {
		t.Run(fmt.Sprintf("%d days ago", daysAgo), func(t *testing.T) {
			var want []string
			if daysAgo == DamagedDaysAgo {
				want = []string{AlteredFile + " differs", MissingFile + " is missing"}
			}
			got := verify(objects, Prefix(newYear, daysAgo))
			if len(got) != len(want) {
				t.Fatalf("found %q, want %q", got, want)
			}
			for _, finding := range want {
				if !strings.Contains(strings.Join(got, "\n"), finding) {
					t.Errorf("found %q, want %q", got, want)
				}
			}
		})
	}
}

// verify compares a day's files with its checksums, as somebody does who has nothing but the bucket.
func verify(objects []Object, prefix string) []string {
	have := map[string][]byte{}
	for _, object := range objects {
		if file, ok := strings.CutPrefix(object.Key, prefix); ok {
			have[file] = object.Content
		}
	}
	var findings []string
	for line := range strings.Lines(string(have[SumsFile])) {
		sum, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		content, ok := have[file]
		if !ok {
			findings = append(findings, file+" is missing")
		} else if fmt.Sprintf("%x", sha256.Sum256(content)) != sum {
			findings = append(findings, file+" differs")
		}
		delete(have, file)
	}
	for file := range have {
		if file != SumsFile {
			findings = append(findings, file+" has no checksum")
		}
	}
	return findings
}

func TestObjectsAreTheSameEachTimeAndSmall(t *testing.T) {
	first, second := Objects(newYear), Objects(newYear)
	total, empty, large := 0, 0, 0
	for i, object := range first {
		if object.Key != second[i].Key || !bytes.Equal(object.Content, second[i].Content) {
			t.Errorf("%s is not the same twice", object.Key)
		}
		total += len(object.Content)
		if len(object.Content) == 0 {
			empty++
		}
		if len(object.Content) > partSize {
			large++
		}
	}
	if total > 40<<20 || empty != Days || large != 1 {
		t.Errorf("%d bytes, %d empty objects and %d that need parts; want at most 40 MiB, %d and 1", total, empty, large, Days)
	}
}
