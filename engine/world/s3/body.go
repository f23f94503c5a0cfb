package s3

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // Content-MD5 is one
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// What a request says of its body.
const (
	payloadHash     = "X-Amz-Content-Sha256"
	streamed        = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	chunkedEncoding = "aws-chunked"
)

// body reads the body of a request, and compares it with everything that the request says of it: its length, its hash, its MD5 and its
// checksums, which it returns.
func (c *call) body() (body []byte, sums map[string]string, err error) {
	if c.r.ContentLength > maxBody {
		return nil, nil, refusal(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	raw, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody))
	if err != nil {
		return nil, nil, refusal(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	sums = statedSums(c.r.Header)
	switch hash := c.r.Header.Get(payloadHash); {
	case hash == streamed:
		var trailer http.Header
		if raw, trailer, err = unchunk(raw); err != nil {
			return nil, nil, refusal(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly")
		}
		for a, sum := range statedSums(trailer) {
			sums[a] = sum
		}
	case hash == unsigned, hash == "":
	case strings.HasPrefix(hash, "STREAMING-"):
		return nil, nil, refusal(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	default:
		if sum := sha256.Sum256(raw); !hmac.Equal([]byte(hex.EncodeToString(sum[:])), []byte(hash)) {
			return nil, nil, refusal(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
		}
	}
	if err := checkMD5(c.r.Header.Get("Content-Md5"), raw); err != nil {
		return nil, nil, err
	}
	return raw, sums, checkSums(sums, raw)
}

func checkMD5(stated string, body []byte) error {
	if stated == "" {
		return nil
	}
	sum, err := base64.StdEncoding.DecodeString(stated)
	if err != nil || len(sum) != md5.Size {
		return refusal(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified is not valid.")
	}
	if own := md5.Sum(body); !bytes.Equal(own[:], sum) { //nolint:gosec // see above
		return refusal(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	return nil
}

var errChunks = errors.New("the chunks are not whole")

// unchunk takes a body out of the chunks that AWS's clients put it in when they state its checksum after it.
func unchunk(raw []byte) (body []byte, trailer http.Header, err error) {
	in, trailer := bufio.NewReader(bytes.NewReader(raw)), http.Header{}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, nil, errChunks
		}
		length, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ";")
		size, err := strconv.ParseInt(length, 16, 64)
		if err != nil || size < 0 || size > int64(len(raw)) {
			return nil, nil, errChunks
		}
		if size == 0 {
			break
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(in, chunk); err != nil || string(chunk[size:]) != "\r\n" {
			return nil, nil, errChunks
		}
		body = append(body, chunk[:size]...)
	}
	for {
		line, err := in.ReadString('\n')
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if ok {
			trailer.Set(name, strings.TrimSpace(value))
		}
		if err != nil || name == "" {
			return body, trailer, nil
		}
	}
}

// checkSums compares the body with the checksums that were stated.
func checkSums(stated map[string]string, body []byte) error {
	if len(stated) > 1 {
		return refusal(http.StatusBadRequest, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	for name, sum := range stated {
		own := newSum(name)
		if decoded, err := base64.StdEncoding.DecodeString(sum); err != nil || len(decoded) != own.Size() {
			return refusal(http.StatusBadRequest, "InvalidRequest", fmt.Sprintf("Value for %s header is invalid.", strings.ToLower(checksumPrefix+name)))
		}
		_, _ = own.Write(body) // a hash never fails
		if encoded(own) != sum {
			return refusal(http.StatusBadRequest, "BadDigest", fmt.Sprintf("The %s you specified did not match the calculated checksum.", strings.ToUpper(name)))
		}
	}
	return nil
}
