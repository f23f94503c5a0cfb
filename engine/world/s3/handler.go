package s3

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// What a scenario says that may be done in a bucket; anything, if it says nothing.
const (
	allowsRead = "read"
	allowsNone = "none"
)

// A call is one request, and what is answered.
type call struct {
	store  *Store
	r      *http.Request
	w      http.ResponseWriter
	query  url.Values
	bucket string
	key    string

	status  int     // 0 for 200
	answer  []byte  // XML
	content content // instead of it
}

// ServeHTTP answers as S3 does, with buckets in the path.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{store: s, r: r, w: w, query: r.URL.Query()}
	c.bucket, c.key = place(r.URL)
	if err := s.serve(c); err != nil {
		c.fail(err)
		return
	}
	c.send()
}

// place is the bucket and the key that a path names.
func place(u *url.URL) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return bucket, key
}

func (s *Store) serve(c *call) error {
	if err := s.authenticate(c.r); err != nil {
		return err
	}
	if len(c.key) > maxKey {
		return refusal(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	operation := operationOf(c.r)
	do, known := operations[operation]
	if !known {
		return refusal(http.StatusNotImplemented, "NotImplemented", "A header or query you provided implies functionality that is not implemented.")
	}
	return do(s, c)
}

// operations are what can be asked for, by the names that operationOf gives.
var operations = map[string]func(*Store, *call) error{
	"ListBuckets": (*Store).listBuckets, "CreateBucket": (*Store).createBucket, "DeleteBucket": (*Store).deleteBucket,
	"HeadBucket": (*Store).headBucket, "GetBucketLocation": (*Store).bucketLocation, "ListObjectsV2": (*Store).listObjects,
	"GetObject": (*Store).getObject, "HeadObject": (*Store).getObject, "PutObject": (*Store).putObject,
	"DeleteObject": (*Store).deleteObject, "DeleteObjects": (*Store).deleteObjects,
	"CreateMultipartUpload": (*Store).createUpload, "UploadPart": (*Store).uploadPart, "CompleteMultipartUpload": (*Store).completeUpload,
	"GetObjectTagging": (*Store).objectTags, "AbortMultipartUpload": (*Store).abortUpload, "ListParts": (*Store).listParts, "ListMultipartUploads": (*Store).listUploads,
}

// operationOf is what a request asks for, by the API's own name; "" for what is not served here.
func operationOf(r *http.Request) string {
	q := r.URL.Query()
	bucket, key := place(r.URL)
	switch {
	case bucket == "":
		return named(r.Method, map[string]string{http.MethodGet: "ListBuckets"})
	case key == "":
		return bucketOperation(r.Method, q)
	case q.Has("uploadId"):
		return named(r.Method, map[string]string{
			http.MethodPut: "UploadPart", http.MethodPost: "CompleteMultipartUpload", http.MethodDelete: "AbortMultipartUpload", http.MethodGet: "ListParts",
		})
	case q.Has("uploads"):
		return named(r.Method, map[string]string{http.MethodPost: "CreateMultipartUpload"})
	case q.Has("tagging"):
		return named(r.Method, map[string]string{http.MethodGet: "GetObjectTagging"})
	case other(q):
		return ""
	}
	return named(r.Method, map[string]string{
		http.MethodGet: "GetObject", http.MethodHead: "HeadObject", http.MethodPut: "PutObject", http.MethodDelete: "DeleteObject",
	})
}

func bucketOperation(method string, q url.Values) string {
	switch {
	case q.Has("location"):
		return named(method, map[string]string{http.MethodGet: "GetBucketLocation"})
	case q.Has("uploads"):
		return named(method, map[string]string{http.MethodGet: "ListMultipartUploads"})
	case q.Has("delete"):
		return named(method, map[string]string{http.MethodPost: "DeleteObjects"})
	case q.Get("list-type") == "2":
		return named(method, map[string]string{http.MethodGet: "ListObjectsV2"})
	case other(q):
		return ""
	}
	return named(method, map[string]string{http.MethodPut: "CreateBucket", http.MethodDelete: "DeleteBucket", http.MethodHead: "HeadBucket"})
}

func named(method string, names map[string]string) string { return names[method] }

// other tells whether a query asks for something of a bucket or an object that is kept beside it, such as its policy.
func other(q url.Values) bool {
	for _, name := range []string{"acl", "policy", "tagging", "versioning", "versions", "lifecycle", "attributes", "select", "restore", "object-lock", "retention", "legal-hold", "torrent", "versionId"} {
		if q.Has(name) {
			return true
		}
	}
	return false
}

func (c *call) h() http.Header { return c.w.Header() }

// xml has the call answered with a document.
func (c *call) xml(document any) error {
	body, err := xml.Marshal(document)
	if err != nil {
		return err
	}
	c.answer = append([]byte(xml.Header), body...)
	return nil
}

// send writes the answer. A client that went away is no failure of ours.
func (c *call) send() {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if c.answer != nil {
		c.h().Set("Content-Type", "application/xml")
	}
	c.w.WriteHeader(c.status)
	if c.r.Method == http.MethodHead {
		return
	}
	if c.content != nil {
		_, _ = io.Copy(c.w, readerOf(c.content))
		return
	}
	_, _ = c.w.Write(c.answer)
}

func (c *call) fail(err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = refusal(http.StatusInternalServerError, "InternalError", err.Error())
	}
	f.write(c.w, c.r)
}

// there is the bucket that is asked about.
func (c *call) there() (*bucket, error) {
	b, ok := c.store.buckets[c.bucket]
	if !ok {
		return nil, noSuchBucket()
	}
	return b, nil
}

func (c *call) readable() (*bucket, error) {
	b, err := c.there()
	if err == nil && b.allows == allowsNone {
		return nil, accessDenied()
	}
	return b, err
}

// object is the one that is asked for.
func (c *call) object() (*object, error) {
	b, err := c.readable()
	if err != nil {
		return nil, err
	}
	o, ok := b.objects[c.key]
	if !ok {
		return nil, noSuchKey()
	}
	return o, nil
}

func (c *call) writable() (*bucket, error) {
	b, err := c.readable()
	if err == nil && b.allows == allowsRead {
		return nil, accessDenied()
	}
	return b, err
}

type (
	bucketEntry struct {
		Name         string
		CreationDate string
	}
	bucketList struct {
		XMLName struct{}      `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Buckets []bucketEntry `xml:"Buckets>Bucket"`
	}
	location struct {
		XMLName struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
		Region  string   `xml:",chardata"`
	}
)

func (s *Store) listBuckets(c *call) error {
	out := bucketList{}
	for _, name := range sortedKeys(s.buckets) {
		out.Buckets = append(out.Buckets, bucketEntry{name, stamp(s.buckets[name].made)})
	}
	return c.xml(out)
}

// bucketName is what a bucket may be called.
var bucketName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
})

func (s *Store) createBucket(c *call) error {
	if !bucketName().MatchString(c.bucket) {
		return refusal(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	}
	if _, there := s.buckets[c.bucket]; there {
		return refusal(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
	s.buckets[c.bucket] = &bucket{made: s.now(), objects: map[string]*object{}}
	c.h().Set("Location", "/"+c.bucket)
	return nil
}

func (s *Store) deleteBucket(c *call) error {
	b, err := c.writable()
	if err != nil {
		return err
	}
	if len(b.objects) > 0 {
		return refusal(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	}
	delete(s.buckets, c.bucket)
	c.status = http.StatusNoContent
	return nil
}

func (s *Store) headBucket(c *call) error {
	_, err := c.readable()
	c.h().Set("X-Amz-Bucket-Region", s.region)
	return err
}

func (s *Store) bucketLocation(c *call) error {
	if _, err := c.readable(); err != nil {
		return err
	}
	region := s.region
	if region == "us-east-1" {
		region = "" // for which S3 has no word
	}
	return c.xml(location{Region: region})
}
