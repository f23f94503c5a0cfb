package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path"
	"time"
)

// Bucket holds the backups of the compiler's cache, each below its day: 20261124/cache/...
const Bucket = "photon-mlir-backups"

// Days is how many days there is a backup of. The newest is yesterday's.
const Days = 7

// SumsFile has the checksums of a day's files, in each day's cache folder, as sha256sum writes and checks them.
const SumsFile = "SHA256SUMS"

// One day's backup is damaged. Its SumsFile tells; the sizes do not.
const (
	DamagedDaysAgo = 3
	AlteredFile    = "lightmatter-envise/bert-base/calibration.bin" // one bit of it is not what it was
	MissingFile    = "mit-silicon-photonics/resnet50/schedule.json" // has a checksum, and is not there
)

// LargeFile is in the newest backup alone, and was uploaded in parts.
const (
	LargeFile = "lightmatter-envise/gpt2-xl/weights.bin"
	partSize  = 5 << 20               // the smallest part that S3 allows
	largeSize = partSize + partSize/4 // the last part may be shorter
)

// oddFiles are what a careless reader of the bucket stumbles over.
var oddFiles = []string{
	"simulation/.lock", // empty, as a killed compiler leaves it
	"simulation/gpt2/layers/00/attention/qkv.mlirbc",    // deeper than the others
	"lightmatter-envise/resnet50/conv1+relu.mlirbc",     // a plus is a space to who decodes it wrongly
	"mit-silicon-photonics/vit-b16/attention 8×8.json",  // a space, and a character beyond ASCII
	"simulation/vit-b16/naïve baseline #2 at 50%25.log", // looks encoded, and is not
}

var (
	targets   = []string{"lightmatter-envise", "mit-silicon-photonics", "simulation"}
	models    = []string{"resnet50", "bert-base", "gpt2", "vit-b16"}
	artefacts = []string{"kernel.mlirbc", "schedule.json", "calibration.bin"}
)

// Object is one object of the bucket.
type Object struct {
	Key     string
	Content []byte
}

// Prefix is the folder of the backup that was made that many days before now. In it are files as the cache has them.
func Prefix(now time.Time, daysAgo int) string {
	return now.UTC().AddDate(0, 0, -daysAgo).Format("20060102") + "/cache/"
}

// Objects is all that the bucket holds in a lab that starts now.
func Objects(now time.Time) []Object {
	var all []Object
	for daysAgo := Days; daysAgo > 0; daysAgo-- {
		all = append(all, backup(now, daysAgo)...)
	}
	return all
}

// backup is what is left of one day's: everything, but for the day that is damaged.
func backup(now time.Time, daysAgo int) []Object {
	var kept []Object
	var sums bytes.Buffer
	prefix := Prefix(now, daysAgo)
	for _, file := range files(daysAgo) {
		object := Object{Key: prefix + file}
		object.Content = content(object.Key, size(file))
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(object.Content), file)
		if daysAgo == DamagedDaysAgo {
			if file == MissingFile {
				continue
			}
			if file == AlteredFile {
				object.Content[len(object.Content)/2] ^= 1
			}
		}
		kept = append(kept, object)
	}
	return append(kept, Object{Key: prefix + SumsFile, Content: sums.Bytes()})
}

// files names what the cache held on that day.
func files(daysAgo int) []string {
	var names []string
	for _, target := range targets {
		for _, model := range models {
			for _, artefact := range artefacts {
				names = append(names, path.Join(target, model, artefact))
			}
		}
	}
	names = append(names, "index.json")
	names = append(names, oddFiles...)
	if daysAgo == 1 {
		names = append(names, LargeFile)
	}
	return names
}

// size is how long a file is, which is the same every day.
func size(file string) int {
	if file == LargeFile {
		return largeSize
	}
	between := func(least, most int) int { return least + int(seed(file)[0])*(most-least)/255 }
	switch path.Ext(file) {
	case ".mlirbc":
		return between(32<<10, 160<<10)
	case ".bin":
		return between(64<<10, 256<<10)
	case ".json", ".log":
		return between(1<<10, 6<<10)
	}
	return 0
}

// content makes up what an object holds: noise, but always the same for one key.
func content(key string, size int) []byte {
	noise := make([]byte, size)
	rand.NewChaCha8(seed(key)).Read(noise) //nolint:errcheck // it never fails
	return noise
}

func seed(name string) [32]byte { return sha256.Sum256([]byte(name)) }
