package s3

import (
	"crypto/md5" //nolint:gosec // an ETag is made of them
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An upload is one in parts that is not complete.
type upload struct {
	bucket, key string
	begun       time.Time
	object      *object // its properties
	algorithm   string  // of its checksums
	asked       bool    // whoever began it asked for that one, and has to name the checksum of each part
	full        bool    // its checksum is that of the object, and not of the checksums of its parts
	parts       map[int]*part
}

type part struct {
	content content
	etag    string
	sum     string
	at      time.Time
}

type (
	uploadBegun struct {
		XMLName  struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}
	uploadDone struct {
		XMLName  struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location string
		Bucket   string
		Key      string
		ETag     string
	}
	statedPart struct {
		Number int `xml:"PartNumber"`
		ETag   string
		Sums   []statedSum `xml:",any"`
	}
	completion struct {
		XMLName struct{}     `xml:"CompleteMultipartUpload"`
		Parts   []statedPart `xml:"Part"`
	}
	listedPart struct {
		PartNumber   int
		LastModified string
		ETag         string
		Size         int64
		Sum          *statedSum // by the name of its algorithm
	}
	statedSum struct {
		XMLName xml.Name
		Value   string `xml:",chardata"`
	}
	partList struct {
		XMLName     struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
		MaxParts    int
		IsTruncated bool
		Parts       []listedPart `xml:"Part"`
	}
	listedUpload struct {
		Key               string
		UploadID          string `xml:"UploadId"`
		Initiated         string
		StorageClass      string
		ChecksumAlgorithm string
		ChecksumType      string
	}
	uploadList struct {
		XMLName     struct{} `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
		Bucket      string
		Prefix      string
		MaxUploads  int
		IsTruncated bool
		Uploads     []listedUpload `xml:"Upload"`
	}
)

func (s *Store) createUpload(c *call) error {
	if _, err := c.writable(); err != nil {
		return err
	}
	u := &upload{bucket: c.bucket, key: c.key, begun: s.now(), object: said(c.r), algorithm: crc64nvme, full: true, parts: map[int]*part{}}
	if name := c.r.Header.Get("X-Amz-Checksum-Algorithm"); name != "" {
		u.algorithm = http.CanonicalHeaderKey(strings.ToLower(name))
		if !isAlgorithm(u.algorithm) {
			return refusal(http.StatusBadRequest, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
		}
		u.asked, u.full = true, u.algorithm == crc64nvme || c.r.Header.Get("X-Amz-Checksum-Type") == "FULL_OBJECT"
	}
	s.serial++
	id := fmt.Sprintf("upload-%d", s.serial)
	s.uploads[id] = u
	return c.xml(uploadBegun{Bucket: c.bucket, Key: c.key, UploadID: id})
}

// under is the upload that a request is about.
func (s *Store) under(c *call) (*upload, error) {
	u, ok := s.uploads[c.query.Get("uploadId")]
	if !ok || u.bucket != c.bucket || u.key != c.key {
		return nil, refusal(http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	}
	return u, nil
}

func (s *Store) uploadPart(c *call) error {
	if _, err := c.writable(); err != nil {
		return err
	}
	number, err := strconv.Atoi(c.query.Get("partNumber"))
	if err != nil || number < 1 || number > 10000 {
		return refusal(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	u, err := s.under(c)
	if err != nil {
		return err
	}
	if c.r.Header.Get(copySource) != "" {
		return s.uploadCopy(c, u, number)
	}
	body, sums, err := c.body()
	if err != nil {
		return err
	}
	p := u.add(number, text(body), s.now())
	c.h().Set("ETag", quoted(p.etag))
	for a, sum := range sums {
		c.h().Set(checksumPrefix+a, sum)
	}
	return nil
}

// uploadCopy takes a part from another object.
func (s *Store) uploadCopy(c *call, u *upload, number int) error {
	from, err := s.source(c)
	if err != nil {
		return err
	}
	of := section{from.content, 0, from.content.Size()}
	if wanted := c.r.Header.Get(copySource + "-Range"); wanted != "" {
		first, last, ok := byteRange(wanted, of.size)
		if !ok || first >= of.size {
			return refusal(http.StatusBadRequest, "InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
		}
		of.from, of.size = first, last-first+1
	}
	p := u.add(number, of, s.now())
	return c.xml(struct {
		XMLName      struct{} `xml:"CopyPartResult"`
		LastModified string
		ETag         string
		Sum          *statedSum // by the name of its algorithm
	}{ETag: quoted(p.etag), LastModified: stamp(p.at), Sum: stated(u.sumName(), p.sum)})
}

func (u *upload) add(number int, c content, at time.Time) *part {
	o := &object{content: c}
	_ = o.digest(u.algorithm) // of what is held in memory
	u.parts[number] = &part{c, o.etag, o.sums[u.algorithm], at}
	return u.parts[number]
}

func (s *Store) completeUpload(c *call) error {
	b, err := c.writable()
	if err != nil {
		return err
	}
	u, err := s.under(c)
	if err != nil {
		return err
	}
	body, _, err := c.withoutSums().body()
	if err != nil {
		return err
	}
	var asked completion
	if err := xml.Unmarshal(body, &asked); err != nil || len(asked.Parts) == 0 {
		return refusal(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	if err := c.mayReplace(b.objects[c.key]); err != nil {
		return err
	}
	o, err := u.complete(asked.Parts)
	if err != nil {
		return err
	}
	if given := c.r.Header.Get(checksumPrefix + u.algorithm); given != "" && u.full && given != o.sums[u.algorithm] {
		return refusal(http.StatusBadRequest, "BadDigest", fmt.Sprintf("The %s you specified did not match the calculated checksum.", strings.ToUpper(u.algorithm)))
	}
	o.modified = s.now()
	b.objects[c.key] = o
	delete(s.uploads, c.query.Get("uploadId"))
	return c.xml(uploadDone{Location: "/" + c.bucket + "/" + c.key, Bucket: c.bucket, Key: c.key, ETag: quoted(o.etag)})
}

// withoutSums is a call whose checksums are not of its body, but of the object that it completes.
func (c *call) withoutSums() *call {
	r := c.r.Clone(c.r.Context())
	for _, a := range algorithms {
		r.Header.Del(checksumPrefix + a)
	}
	out := *c
	out.r = r
	return &out
}

// states tells whether a part is named with a checksum of that name.
func (p statedPart) states(name string) bool {
	return slices.ContainsFunc(p.Sums, func(s statedSum) bool { return s.XMLName.Local == name && s.Value != "" })
}

// complete is the object of which those are the parts.
func (u *upload) complete(asked []statedPart) (*object, error) {
	var contents []content
	etags, sums := md5.New(), newSum(u.algorithm) //nolint:gosec // see above
	o := *u.object
	for i, a := range asked {
		p, ok := u.parts[a.Number]
		switch {
		case i > 0 && a.Number <= asked[i-1].Number:
			return nil, refusal(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. The parts list must be specified in order by part number.")
		case !ok || strings.Trim(a.ETag, `"`) != p.etag:
			return nil, refusal(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
		case u.asked && !a.states(u.sumName()):
			return nil, refusal(http.StatusBadRequest, "InvalidRequest", fmt.Sprintf("The upload was created using a %s checksum. The complete request must include the checksum for each part. It was missing for part %d in the request.", strings.ToLower(u.algorithm), a.Number))
		case i < len(asked)-1 && p.content.Size() < minPart:
			return nil, refusal(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		raw, err := hex.DecodeString(p.etag)
		if err != nil {
			return nil, err
		}
		_, _ = etags.Write(raw) // a hash never fails
		sum, err := base64.StdEncoding.DecodeString(p.sum)
		if err != nil {
			return nil, err
		}
		_, _ = sums.Write(sum)
		contents, o.parts = append(contents, p.content), append(o.parts, p.content.Size())
	}
	o.content = join(contents)
	if err := o.digest(u.algorithm); err != nil {
		return nil, err
	}
	o.etag = fmt.Sprintf("%x-%d", etags.Sum(nil), len(asked))
	if !u.full {
		o.composite, o.sums = true, map[string]string{u.algorithm: fmt.Sprintf("%s-%d", encoded(sums), len(asked))}
	}
	return &o, nil
}

func (s *Store) abortUpload(c *call) error {
	if _, err := c.writable(); err != nil {
		return err
	}
	if _, err := s.under(c); err != nil {
		return err
	}
	delete(s.uploads, c.query.Get("uploadId"))
	c.status = http.StatusNoContent
	return nil
}

func (s *Store) listParts(c *call) error {
	if _, err := c.readable(); err != nil {
		return err
	}
	u, err := s.under(c)
	if err != nil {
		return err
	}
	out := partList{Bucket: c.bucket, Key: c.key, UploadID: c.query.Get("uploadId"), MaxParts: mostKeys}
	for _, n := range sortedInts(u.parts) {
		p := u.parts[n]
		out.Parts = append(out.Parts, listedPart{n, stamp(p.at), quoted(p.etag), p.content.Size(), stated(u.sumName(), p.sum)})
	}
	return c.xml(out)
}

// stated is a checksum in an element of its name, nil for none.
func stated(name, sum string) *statedSum {
	if sum == "" {
		return nil
	}
	return &statedSum{xml.Name{Local: name}, sum}
}

// sumName is what the element of a checksum is called.
func (u *upload) sumName() string { return "Checksum" + strings.ToUpper(u.algorithm) }

func (u *upload) sumType() string {
	if u.full {
		return "FULL_OBJECT"
	}
	return "COMPOSITE"
}

func (s *Store) listUploads(c *call) error {
	if _, err := c.readable(); err != nil {
		return err
	}
	out := uploadList{Bucket: c.bucket, Prefix: c.query.Get("prefix"), MaxUploads: mostKeys}
	for _, id := range sortedKeys(s.uploads) {
		if u := s.uploads[id]; u.bucket == c.bucket && strings.HasPrefix(u.key, out.Prefix) {
			out.Uploads = append(out.Uploads, listedUpload{u.key, id, stamp(u.begun), u.object.storageClass(), strings.ToUpper(u.algorithm), u.sumType()})
		}
	}
	return c.xml(out)
}

func unescape(text string) (string, bool) {
	out, err := url.PathUnescape(text)
	return out, err == nil
}
