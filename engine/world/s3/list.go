package s3

import (
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// mostKeys is how many entries an answer has at most.
const mostKeys = 1000

type (
	listedObject struct {
		Key               string
		LastModified      string
		ETag              string
		ChecksumAlgorithm string `xml:",omitempty"`
		ChecksumType      string `xml:",omitempty"`
		Size              int64
		StorageClass      string
	}
	commonPrefix struct{ Prefix string }
	listing      struct {
		XMLName               struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name                  string
		Prefix                string
		Delimiter             string `xml:",omitempty"`
		MaxKeys               int
		KeyCount              int
		IsTruncated           bool
		ContinuationToken     string         `xml:",omitempty"`
		NextContinuationToken string         `xml:",omitempty"`
		StartAfter            string         `xml:",omitempty"`
		EncodingType          string         `xml:",omitempty"`
		Contents              []listedObject `xml:",omitempty"`
		CommonPrefixes        []commonPrefix `xml:",omitempty"`
	}
)

func (s *Store) listObjects(c *call) error {
	b, err := c.readable()
	if err != nil {
		return err
	}
	out := listing{
		Name: c.bucket, Prefix: c.query.Get("prefix"), Delimiter: c.query.Get("delimiter"), MaxKeys: mostKeys,
		ContinuationToken: c.query.Get("continuation-token"), StartAfter: c.query.Get("start-after"), EncodingType: c.query.Get("encoding-type"),
	}
	if given := c.query.Get("max-keys"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 0 {
			return refusal(http.StatusBadRequest, "InvalidArgument", "Provided max-keys not an integer or within integer range")
		}
		out.MaxKeys = min(n, mostKeys)
	}
	after := out.StartAfter
	if out.ContinuationToken != "" {
		token, err := base64.URLEncoding.DecodeString(out.ContinuationToken)
		if err != nil {
			return refusal(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
		}
		after = string(token)
	}
	out.fill(b, after)
	out.encode()
	return c.xml(out)
}

// fill lists what comes after a key, or after all that has a common prefix.
func (l *listing) fill(b *bucket, after string) {
	last := after
	for _, key := range b.keys() {
		if !strings.HasPrefix(key, l.Prefix) {
			continue
		}
		entry := key
		if rest := key[len(l.Prefix):]; l.Delimiter != "" {
			if head, _, folded := strings.Cut(rest, l.Delimiter); folded {
				entry = l.Prefix + head + l.Delimiter
			}
		}
		folder := entry != key || l.Delimiter != "" && strings.HasSuffix(key[len(l.Prefix):], l.Delimiter)
		switch {
		case entry <= after, folder && entry == last && last != "":
			continue
		case l.KeyCount == l.MaxKeys:
			l.IsTruncated = l.MaxKeys > 0
			if l.IsTruncated {
				l.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(last))
			}
			return
		}
		l.KeyCount, last = l.KeyCount+1, entry
		if folder {
			l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{entry})
			continue
		}
		l.Contents = append(l.Contents, b.objects[key].listed(key))
	}
}

func (o *object) listed(key string) listedObject {
	out := listedObject{Key: key, LastModified: stamp(o.modified), ETag: quoted(o.etag), Size: o.content.Size(), StorageClass: o.storageClass()}
	for a := range o.sums {
		out.ChecksumAlgorithm, out.ChecksumType = strings.ToUpper(a), o.sumType()
	}
	return out
}

// encode escapes what a client asks to have escaped, because XML cannot say every key.
func (l *listing) encode() {
	if l.EncodingType != "url" {
		return
	}
	for _, text := range []*string{&l.Prefix, &l.Delimiter, &l.StartAfter} {
		*text = encodeKey(*text)
	}
	for i := range l.Contents {
		l.Contents[i].Key = encodeKey(l.Contents[i].Key)
	}
	for i := range l.CommonPrefixes {
		l.CommonPrefixes[i].Prefix = encodeKey(l.CommonPrefixes[i].Prefix)
	}
}

func encodeKey(key string) string { return strings.ReplaceAll(escape(key), "%2F", "/") }

type (
	deletion struct {
		XMLName struct{} `xml:"Delete"`
		Objects []struct {
			Key  string
			ETag string
		} `xml:"Object"`
		Quiet bool
	}
	deletedKey  struct{ Key string }
	deletedFail struct{ Key, Code, Message string }
	deleted     struct {
		XMLName struct{}      `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []deletedKey  `xml:",omitempty"`
		Errors  []deletedFail `xml:"Error,omitempty"`
	}
)

func (s *Store) deleteObjects(c *call) error {
	b, err := c.writable()
	if err != nil {
		return err
	}
	if c.r.Header.Get("Content-Md5") == "" && len(statedSums(c.r.Header)) == 0 && c.r.Header.Get("X-Amz-Trailer") == "" {
		return refusal(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: Content-MD5")
	}
	body, _, err := c.body()
	if err != nil {
		return err
	}
	var asked deletion
	if err := xml.Unmarshal(body, &asked); err != nil && err != io.EOF || len(asked.Objects) == 0 || len(asked.Objects) > mostKeys { //nolint:errorlint // xml returns it bare
		return refusal(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	var out deleted
	for _, o := range asked.Objects {
		there := b.objects[o.Key]
		if o.ETag != "" && (there == nil || !matches(o.ETag, there.etag)) {
			out.Errors = append(out.Errors, deletedFail{o.Key, "PreconditionFailed", preconditionText})
			continue
		}
		delete(b.objects, o.Key)
		if !asked.Quiet {
			out.Deleted = append(out.Deleted, deletedKey{o.Key})
		}
	}
	return c.xml(out)
}

// splitSource reads the header that names the object to be copied.
func splitSource(header string) (bucket, key string, err error) {
	path, unescaped := unescape(header)
	bucket, key, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !unescaped || !found || bucket == "" || key == "" {
		return "", "", refusal(http.StatusBadRequest, "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	return bucket, key, nil
}

func sortedInts(of map[int]*part) []int {
	out := make([]int, 0, len(of))
	for n := range of {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
