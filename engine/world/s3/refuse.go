package s3

import (
	"encoding/xml"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A failure is an answer that is an error.
type failure struct {
	status  int
	code    string
	message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func refusal(status int, code, message string) *failure { return &failure{status, code, message} }

func noSuchBucket() *failure {
	return refusal(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
}

func noSuchKey() *failure {
	return refusal(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

func accessDenied() *failure { return refusal(http.StatusForbidden, "AccessDenied", "Access Denied.") }

type failureDocument struct {
	XMLName   struct{} `xml:"Error"`
	Code      string
	Message   string
	Resource  string
	RequestID string `xml:"RequestId"`
}

// requestID is what S3 gives each request to be asked about. Nobody asks here, and chance has no place in a rehearsal.
const requestID = "SCENARIO"

func (f *failure) write(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amz-Request-Id", requestID)
	if r.Method == http.MethodHead || f.status == http.StatusNotModified { // neither has a body
		w.WriteHeader(f.status)
		return
	}
	body, err := xml.Marshal(failureDocument{Code: f.code, Message: f.message, Resource: r.URL.Path, RequestID: requestID})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	_, _ = w.Write(append([]byte(xml.Header), body...)) // a client that went away is no failure of ours
}

// codes are S3's own words for a status that a scenario has it answer with.
var codes = map[int]*failure{
	http.StatusBadRequest:          refusal(0, "InvalidRequest", "Bad Request"),
	http.StatusForbidden:           accessDenied(),
	http.StatusNotFound:            noSuchKey(),
	http.StatusConflict:            refusal(0, "OperationAborted", "A conflicting conditional action is currently in progress against this resource. Please try again."),
	http.StatusPreconditionFailed:  refusal(0, "PreconditionFailed", preconditionText),
	http.StatusTooManyRequests:     refusal(0, "SlowDown", "Please reduce your request rate."),
	http.StatusInternalServerError: refusal(0, "InternalError", "We encountered an internal error. Please try again."),
	http.StatusServiceUnavailable:  refusal(0, "SlowDown", "Please reduce your request rate."),
}

// leading is the code that a message begins with: "ExpiredToken: The provided token has expired."
var leading = regexp.MustCompile(`^([A-Z][A-Za-z0-9]+): (.+)$`)

// Refuse answers a request with a failure that is none of the simulation's own: with that message, or with the usual one if that is empty.
// A message may begin with one of S3's codes. A retryAfter of zero is left out.
func Refuse(w http.ResponseWriter, r *http.Request, code int, message string, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((retryAfter+time.Second-1)/time.Second)))
	}
	f := refusal(code, strings.ReplaceAll(http.StatusText(code), " ", ""), http.StatusText(code))
	if usual, ok := codes[code]; ok {
		f.code, f.message = usual.code, usual.message
	}
	if message != "" {
		f.message = message
		if found := leading.FindStringSubmatch(message); found != nil {
			f.code, f.message = found[1], found[2]
		}
	}
	f.write(w, r)
}

// Describe says what a request asks for, in the words of a fault: a verb, "objects" or "buckets", the bucket and the key.
func Describe(r *http.Request) (verb, resource, bucket, key string) {
	bucket, key = place(r.URL)
	verb = strings.ToLower(r.Method)
	if known, ok := verbs[operationOf(r)]; ok {
		verb, resource, _ = strings.Cut(known, " ")
	} else if resource = "objects"; key == "" {
		resource = "buckets"
	}
	if verb == "put" && r.Header.Get(copySource) != "" {
		verb = "copy"
	}
	return verb, resource, bucket, key
}

// verbs are the operations in the words of a fault.
var verbs = map[string]string{
	"ListBuckets": "list buckets", "CreateBucket": "create buckets", "DeleteBucket": "delete buckets", "HeadBucket": "head buckets",
	"GetBucketLocation": "get buckets", "ListObjectsV2": "list objects",
	"GetObject": "get objects", "HeadObject": "head objects", "PutObject": "put objects", "DeleteObject": "delete objects",
	"DeleteObjects": "delete objects", "GetObjectTagging": "get tags", "CreateMultipartUpload": "create uploads", "UploadPart": "put uploads",
	"CompleteMultipartUpload": "post uploads", "AbortMultipartUpload": "delete uploads", "ListParts": "get uploads", "ListMultipartUploads": "list uploads",
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
