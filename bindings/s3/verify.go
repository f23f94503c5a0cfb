package s3

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // an ETag of S3 is one
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/engine/action"
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// newHash computes a checksum of that name; nil for one that is not known.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC64NVME":
		return crc64.New(nvme)
	case "CRC32C":
		return crc32.New(castagnoli)
	case "CRC32":
		return crc32.NewIEEE()
	case "SHA256":
		return sha256.New()
	case "SHA1":
		return sha1.New() //nolint:gosec // see above
	case md5Sum:
		return md5.New() //nolint:gosec // see above
	}
	return nil
}

// md5Sum is the name of the checksum that an ETag is.
const md5Sum = "MD5"

// plainETag is an ETag that is the MD5 of the content. One of an upload in parts has the number of its parts behind it.
var plainETag = regexp.MustCompile(`^[0-9a-f]{32}$`)

// partedETag is one of an upload in parts.
var partedETag = regexp.MustCompile(`^[0-9a-f]{32}-[0-9]+$`)

// A verifier compares what is written to it with what the store says of an object.
type verifier struct {
	algorithm string
	want      string // in base64; of the checksums of the parts, "-" and their number included, if it is in parts
	hex       bool   // as ETags are
	whole     hash.Hash
	part      int64 // size of a part but the last; 0 for an object as a whole
	left      int64 // of the current part
	current   hash.Hash
	parts     int
}

// newVerifier is a verifier by what is known of an object: its checksum, or its ETag. Part is the size of its first part, 0 if it is not in
// parts, or nobody knows. It is nil where nothing can be compared: what is encrypted with keys of the store has an ETag that is no hash.
func newVerifier(known sums, part int64) *verifier {
	switch {
	case known.algorithm != "" && !known.composite && newHash(known.algorithm) != nil:
		return &verifier{algorithm: known.algorithm, want: known.value, whole: newHash(known.algorithm)}
	case known.algorithm != "" && known.composite && part > 0 && newHash(known.algorithm) != nil:
		return newParted(known.algorithm, known.value, part, false)
	case plainETag.MatchString(known.etag):
		return &verifier{algorithm: md5Sum, want: known.etag, hex: true, whole: newHash(md5Sum)}
	case partedETag.MatchString(known.etag) && part > 0:
		return newParted(md5Sum, known.etag, part, true)
	}
	return nil
}

func newParted(algorithm, want string, part int64, inHex bool) *verifier {
	return &verifier{algorithm: algorithm, want: want, hex: inHex, whole: newHash(algorithm), part: part, left: part, current: newHash(algorithm)}
}

// Write takes in what was read. It never fails.
func (v *verifier) Write(p []byte) (int, error) {
	if v.part == 0 {
		return v.whole.Write(p)
	}
	n := len(p)
	for len(p) > 0 {
		if v.left == 0 {
			v.endPart()
		}
		some := p[:min(int64(len(p)), v.left)]
		_, _ = v.current.Write(some) // a hash never fails
		v.left -= int64(len(some))
		p = p[len(some):]
	}
	return n, nil
}

func (v *verifier) endPart() {
	_, _ = v.whole.Write(v.current.Sum(nil)) // a hash never fails
	v.current.Reset()
	v.left = v.part
	v.parts++
}

// check is an error if what was written is not what is stored.
func (v *verifier) check(q question) error {
	if v.part > 0 {
		v.endPart()
	}
	sum := v.whole.Sum(nil)
	got := base64.StdEncoding.EncodeToString(sum)
	if v.hex {
		got = hex.EncodeToString(sum)
	}
	want := v.want
	if v.part > 0 {
		got = fmt.Sprintf("%s-%d", got, v.parts)
		if !bytes.Contains([]byte(want), []byte("-")) { // some stores leave the number out
			want = fmt.Sprintf("%s-%d", want, v.parts)
		}
	}
	if got != want {
		return damaged(q, v.algorithm, got, v.want)
	}
	return nil
}

// damaged is that what came is not what is stored. It may have been damaged on its way, or be damaged where it is stored: reading it again
// tells which.
func damaged(q question, algorithm, got, want string) error {
	return action.Errorf(action.CodeUnavailable, "cannot %s: what came is not what is stored: its %s is %s, and not %s", q.purpose, algorithm, got, want).
		On(q.target).Again().Try("if it stays so, the object is damaged in the store: restore it from another copy")
}

// hashOf is an ETag where it is a hash of what is in an object; "" where the store encrypts it with keys that make it something else.
func hashOf(etag *string, with types.ServerSideEncryption, customer *string) string {
	if with != "" && with != types.ServerSideEncryptionAes256 || aws.ToString(customer) != "" {
		return ""
	}
	return strings.Trim(aws.ToString(etag), `"`)
}

// sumsGot are the checksums that came with an object.
func sumsGot(out *s3.GetObjectOutput) sums {
	known := sumsOf(out.ChecksumCRC64NVME, out.ChecksumCRC32C, out.ChecksumCRC32, out.ChecksumSHA256, out.ChecksumSHA1, out.ChecksumType)
	known.etag = hashOf(out.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
	return known
}

// validated tells whether the SDK has compared an answer with its checksum while it was read.
func validated(out *s3.GetObjectOutput) bool {
	done, ok := s3.GetChecksumValidationMetadata(out.ResultMetadata)
	return ok && len(done.AlgorithmsUsed) > 0
}

// checkETag compares a small object with its ETag where the store has no checksum of it.
func checkETag(text []byte, out *s3.GetObjectOutput, q question) error {
	if validated(out) {
		return nil
	}
	v := newVerifier(sumsGot(out), 0)
	if v == nil {
		return nil
	}
	_, _ = v.Write(text)
	return v.check(q)
}
