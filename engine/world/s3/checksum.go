package s3

import (
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"slices"
)

// checksumPrefix begins the headers that state a checksum; the name of its algorithm follows.
const checksumPrefix = "X-Amz-Checksum-"

// The algorithms, as headers spell them.
const (
	crc32ieee  = "Crc32"
	crc32c     = "Crc32c"
	crc64nvme  = "Crc64nvme"
	sha1Name   = "Sha1"
	sha256Name = "Sha256"
)

var algorithms = []string{crc32ieee, crc32c, crc64nvme, sha1Name, sha256Name}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// newSum is a checksum by an algorithm.
func newSum(algorithm string) hash.Hash {
	switch algorithm {
	case crc32ieee:
		return crc32.NewIEEE()
	case crc32c:
		return crc32.New(castagnoli)
	case sha1Name:
		return sha1.New() //nolint:gosec // see above
	case sha256Name:
		return sha256.New()
	}
	return crc64.New(nvme)
}

func encoded(h hash.Hash) string { return base64.StdEncoding.EncodeToString(h.Sum(nil)) }

// statedSums are the checksums that headers state, by algorithm.
func statedSums(h http.Header) map[string]string {
	out := map[string]string{}
	for _, a := range algorithms {
		if sum := h.Get(checksumPrefix + a); sum != "" {
			out[a] = sum
		}
	}
	return out
}

func isAlgorithm(name string) bool { return slices.Contains(algorithms, name) }
