package s3

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// preconditionText is how S3 says that a condition of a request does not hold.
const preconditionText = "At least one of the pre-conditions you specified did not hold"

// conditions are those of a request, as its headers have them.
type conditions struct{ match, noneMatch, since, unmodified string }

func conditionsOf(h http.Header, prefix string) conditions {
	return conditions{
		match: h.Get(prefix + "If-Match"), noneMatch: h.Get(prefix + "If-None-Match"),
		since: h.Get(prefix + "If-Modified-Since"), unmodified: h.Get(prefix + "If-Unmodified-Since"),
	}
}

// failing is the status of the condition that does not hold for an object, 0 if all do. A time is not asked about where the ETag has
// answered already.
func (c conditions) failing(o *object) int {
	switch {
	case c.match != "" && !matches(c.match, o.etag):
		return http.StatusPreconditionFailed
	case c.match == "" && later(o.modified, c.unmodified):
		return http.StatusPreconditionFailed
	case c.noneMatch != "" && matches(c.noneMatch, o.etag):
		return http.StatusNotModified
	case c.noneMatch == "" && c.since != "" && !later(o.modified, c.since):
		if _, err := http.ParseTime(c.since); err == nil {
			return http.StatusNotModified
		}
	}
	return 0
}

// later tells whether a time is after one in a header; never after what is no time.
func later(t time.Time, header string) bool {
	than, err := http.ParseTime(header)
	return err == nil && t.After(than)
}

// matches compares an ETag with a list of them, or with * for any.
func matches(list, etag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.Trim(strings.TrimSpace(one), `"`); one == "*" || one == etag {
			return true
		}
	}
	return false
}

// mayGet answers a read whose conditions do not hold.
func (c *call) mayGet(o *object) error {
	switch conditionsOf(c.r.Header, "").failing(o) {
	case http.StatusNotModified:
		c.h().Set("ETag", quoted(o.etag))
		return refusal(http.StatusNotModified, "NotModified", "Not Modified")
	case http.StatusPreconditionFailed:
		return refusal(http.StatusPreconditionFailed, "PreconditionFailed", preconditionText)
	}
	return nil
}

// mayReplace answers a write whose conditions do not hold for what is there, nil for nothing.
func (c *call) mayReplace(there *object) error {
	match, none := c.r.Header.Get("If-Match"), c.r.Header.Get("If-None-Match")
	switch {
	case match != "" && there == nil:
		return noSuchKey()
	case match != "" && !matches(match, there.etag), none != "" && there != nil && matches(none, there.etag):
		return refusal(http.StatusPreconditionFailed, "PreconditionFailed", preconditionText)
	}
	return nil
}

// A slice is the part of an object that a read wants.
type slice struct {
	section
	partial bool
}

// wanted is the part that the request asks for: by its number, by a range of bytes, or all of it.
func (s *Store) wanted(c *call, o *object) (slice, error) {
	size := o.content.Size()
	if number := c.query.Get("partNumber"); number != "" {
		return c.numbered(o, number)
	}
	from, to, ok := byteRange(c.r.Header.Get("Range"), size)
	switch {
	case !ok:
		return slice{section: section{o.content, 0, size}}, nil
	case from >= size || to < from:
		return slice{}, refusal(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	}
	return slice{section{o.content, from, to - from + 1}, true}, nil
}

func (c *call) numbered(o *object, text string) (slice, error) {
	sizes := o.parts
	if sizes == nil {
		sizes = []int64{o.content.Size()}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 10000 {
		return slice{}, refusal(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	if n > len(sizes) {
		return slice{}, refusal(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable")
	}
	var from int64
	for _, size := range sizes[:n-1] {
		from += size
	}
	if o.parts != nil {
		c.h().Set("X-Amz-Mp-Parts-Count", strconv.Itoa(len(sizes)))
	}
	return slice{section{o.content, from, sizes[n-1]}, true}, nil
}

// byteRange reads a Range header of one range; ok is false for one that a server does not follow.
func byteRange(header string, size int64) (from, to int64, ok bool) {
	spec, found := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !found || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		if n == 0 {
			return size, size, true // of nothing there is no last byte
		}
		return max(size-n, 0), size - 1, true
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 0 {
		return 0, 0, false
	}
	if last == "" {
		return from, size - 1, true
	}
	to, err = strconv.ParseInt(last, 10, 64)
	if err != nil || to < from {
		return 0, 0, false
	}
	return from, min(to, size-1), true
}
