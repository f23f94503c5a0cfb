package s3

import (
	"crypto/md5" //nolint:gosec // an ETag is one
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What S3 takes.
const (
	maxBody     = 1 << 28 // of one request here: it is held in memory
	minPart     = 5 << 20
	maxKey      = 1024
	defaultType = "binary/octet-stream"
	metaPrefix  = "X-Amz-Meta-"
)

// An object is one that is stored. It is never changed, only replaced.
type object struct {
	content     content
	etag        string // without its quotes
	modified    time.Time
	contentType string
	encoding    string
	metadata    map[string]string // with names in lower case
	class       string            // "" for STANDARD
	kept        map[string]string // other headers that are given again as they came, by their names
	tags        url.Values
	sums        map[string]string // checksums, by algorithm as headers spell it
	composite   bool              // the sums are of the sums of parts
	parts       []int64           // sizes of its parts; nil for what was put as one
}

// digest computes the ETag of content that was put as one, and its checksum by an algorithm.
func (o *object) digest(algorithm string) error {
	sum, etag := newSum(algorithm), md5.New() //nolint:gosec // see above
	if _, err := io.Copy(io.MultiWriter(sum, etag), readerOf(o.content)); err != nil {
		return err
	}
	o.etag = hex.EncodeToString(etag.Sum(nil))
	o.sums = map[string]string{algorithm: encoded(sum)}
	return nil
}

// describe writes an object's headers.
func (o *object) describe(h http.Header, withSums bool) {
	h.Set("ETag", quoted(o.etag))
	h.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	h.Set("Content-Type", o.contentType)
	h.Set("Accept-Ranges", "bytes")
	if o.encoding != "" {
		h.Set("Content-Encoding", o.encoding)
	}
	if o.class != "" {
		h.Set("X-Amz-Storage-Class", o.class)
	}
	for name, value := range o.kept {
		h.Set(name, value)
	}
	if len(o.tags) > 0 {
		h.Set("X-Amz-Tagging-Count", strconv.Itoa(len(o.tags)))
	}
	for name, value := range o.metadata {
		h.Set(metaPrefix+name, value)
	}
	if withSums {
		for algorithm, sum := range o.sums {
			h.Set(checksumPrefix+algorithm, sum)
			h.Set("X-Amz-Checksum-Type", o.sumType())
		}
	}
}

func (o *object) sumType() string {
	if o.composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}

func (o *object) storageClass() string {
	if o.class == "" {
		return "STANDARD"
	}
	return o.class
}

// keptHeaders are those that an object gives again as they came.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Language", "Expires"}

// said are the properties of an object that the headers of a request give it.
func said(r *http.Request) *object {
	o := &object{
		contentType: r.Header.Get("Content-Type"), class: r.Header.Get("X-Amz-Storage-Class"), metadata: map[string]string{}, kept: map[string]string{},
	}
	o.tags, _ = url.ParseQuery(r.Header.Get("X-Amz-Tagging")) // what cannot be read is none
	for _, name := range keptHeaders {
		if value := r.Header.Get(name); value != "" {
			o.kept[name] = value
		}
	}
	if o.contentType == "" {
		o.contentType = defaultType
	}
	if o.class == "STANDARD" {
		o.class = ""
	}
	for _, encoding := range strings.Split(r.Header.Get("Content-Encoding"), ",") {
		if encoding = strings.TrimSpace(encoding); encoding != "" && encoding != chunkedEncoding {
			o.encoding = encoding
		}
	}
	for name, values := range r.Header {
		if own, ok := strings.CutPrefix(name, metaPrefix); ok {
			o.metadata[strings.ToLower(own)] = strings.Join(values, ",")
		}
	}
	return o
}

func (s *Store) putObject(c *call) error {
	b, err := c.writable()
	if err != nil {
		return err
	}
	if c.r.Header.Get(copySource) != "" {
		return s.copyObject(c, b)
	}
	if err := c.mayReplace(b.objects[c.key]); err != nil {
		return err
	}
	body, sums, err := c.body()
	if err != nil {
		return err
	}
	o := said(c.r)
	o.content, o.modified = text(body), s.now()
	algorithm := crc64nvme
	for a := range sums {
		algorithm = a
	}
	if err := o.digest(algorithm); err != nil {
		return err
	}
	b.objects[c.key] = o
	c.h().Set("ETag", quoted(o.etag))
	for a, sum := range o.sums {
		c.h().Set(checksumPrefix+a, sum)
		c.h().Set("X-Amz-Checksum-Type", o.sumType())
	}
	return nil
}

// copySource is the header that makes a PUT a copy.
const copySource = "X-Amz-Copy-Source"

type copyResult struct {
	XMLName      struct{} `xml:"CopyObjectResult"`
	LastModified string
	ETag         string
}

func (s *Store) copyObject(c *call, into *bucket) error {
	from, err := s.source(c)
	if err != nil {
		return err
	}
	if err := c.mayReplace(into.objects[c.key]); err != nil {
		return err
	}
	replaces := c.r.Header.Get("X-Amz-Metadata-Directive") == "REPLACE"
	if into.objects[c.key] == from && !replaces && c.r.Header.Get("X-Amz-Storage-Class") == "" {
		return refusal(http.StatusBadRequest, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	o := *from
	if replaces {
		o = *said(c.r)
		o.content, o.etag, o.sums, o.tags = from.content, from.etag, maps.Clone(from.sums), from.tags
	}
	if _, large := from.content.(filler); !large { // what is copied is put as one, however it was uploaded
		if err := o.digest(crc64nvme); err != nil {
			return err
		}
		o.composite, o.parts = false, nil
	}
	o.modified = s.now()
	into.objects[c.key] = &o
	return c.xml(copyResult{ETag: quoted(o.etag), LastModified: stamp(o.modified)})
}

type tag struct{ Key, Value string }

type tagList struct {
	XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

func (s *Store) objectTags(c *call) error {
	o, err := c.object()
	if err != nil {
		return err
	}
	out := tagList{}
	for _, name := range sortedKeys(o.tags) {
		out.Tags = append(out.Tags, tag{name, o.tags.Get(name)})
	}
	return c.xml(out)
}

// source is the object that a copy is made of.
func (s *Store) source(c *call) (*object, error) {
	name, key, err := splitSource(c.r.Header.Get(copySource))
	if err != nil {
		return nil, err
	}
	b, ok := s.buckets[name]
	if !ok {
		return nil, noSuchBucket()
	}
	if b.allows == allowsNone {
		return nil, accessDenied()
	}
	o, ok := b.objects[key]
	if !ok {
		return nil, noSuchKey()
	}
	if conditionsOf(c.r.Header, "X-Amz-Copy-Source-").failing(o) != 0 {
		return nil, refusal(http.StatusPreconditionFailed, "PreconditionFailed", preconditionText)
	}
	return o, nil
}

func (s *Store) getObject(c *call) error {
	o, err := c.object()
	if err != nil {
		return err
	}
	if err := c.mayGet(o); err != nil {
		return err
	}
	part, err := s.wanted(c, o)
	if err != nil {
		return err
	}
	// What checksum a part of an object has is not known.
	o.describe(c.h(), c.r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" && part.Size() == o.content.Size())
	if part.partial {
		c.h().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.from, part.from+part.size-1, o.content.Size()))
		c.status = http.StatusPartialContent
	}
	for name, values := range c.r.URL.Query() {
		if own, ok := strings.CutPrefix(name, "response-"); ok {
			c.h().Set(own, values[0])
		}
	}
	c.h().Set("Content-Length", strconv.FormatInt(part.Size(), 10))
	c.content = part.section
	return nil
}

func (s *Store) deleteObject(c *call) error {
	b, err := c.writable()
	if err != nil {
		return err
	}
	o := b.objects[c.key]
	if match := c.r.Header.Get("If-Match"); match != "" {
		switch {
		case o == nil:
			return noSuchKey()
		case !matches(match, o.etag):
			return refusal(http.StatusPreconditionFailed, "PreconditionFailed", preconditionText)
		}
	}
	delete(b.objects, c.key)
	c.status = http.StatusNoContent
	return nil
}

func quoted(etag string) string { return `"` + etag + `"` }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// now is the time in the simulation, as exact as S3 keeps it.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }

// keys are those of a bucket, in order.
func (b *bucket) keys() []string { return slices.Sorted(maps.Keys(b.objects)) }
