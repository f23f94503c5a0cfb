package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The parts of AWS's signature, version 4.
const (
	algorithm    = "AWS4-HMAC-SHA256"
	terminator   = "aws4_request"
	service      = "s3"
	timeFormat   = "20060102T150405Z"
	unsigned     = "UNSIGNED-PAYLOAD"
	skew         = 15 * time.Minute
	longestValid = 7 * 24 * time.Hour // of an address that is signed
)

// A claim is a signature, and what it is said to be of.
type claim struct {
	accessKey, date, region string
	signed                  []string // names of headers
	signature               string
	at                      string // X-Amz-Date
	payload                 string // hash of the body, or what stands for it
	query                   url.Values
}

// header is an Authorization header of this kind. It is translated when it is needed: that takes longer than a command may that has no world.
var header = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$`)
})

// authenticate verifies the signature of a request. The body is compared with its hash where it is read.
func (s *Store) authenticate(r *http.Request) error {
	var c *claim
	var err error
	switch {
	case r.URL.Query().Has("X-Amz-Signature"):
		c, err = s.presigned(r)
	case r.Header.Get("Authorization") != "":
		c, err = s.headed(r)
	default:
		return accessDenied()
	}
	if err != nil {
		return err
	}
	switch {
	case c.accessKey != AccessKey:
		return refusal(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case c.region != s.region:
		return refusal(http.StatusBadRequest, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region '"+c.region+"' is wrong; expecting '"+s.region+"'")
	case !hmac.Equal([]byte(c.signature), []byte(c.sign(r))):
		return refusal(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	return nil
}

func (s *Store) headed(r *http.Request) (*claim, error) {
	found := header().FindStringSubmatch(r.Header.Get("Authorization"))
	if found == nil || found[4] != service {
		return nil, refusal(http.StatusBadRequest, "AuthorizationHeaderMalformed", "The authorization header that you provided is not valid.")
	}
	c := &claim{
		accessKey: found[1], date: found[2], region: found[3], signed: strings.Split(found[5], ";"), signature: found[6],
		at: r.Header.Get("X-Amz-Date"), payload: r.Header.Get(payloadHash), query: r.URL.Query(),
	}
	at, err := time.Parse(timeFormat, c.at)
	switch {
	case err != nil || !strings.HasPrefix(c.at, c.date):
		return nil, accessDenied()
	case c.payload == "":
		return nil, refusal(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	case s.wall().Sub(at).Abs() > skew:
		return nil, refusal(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	return c, nil
}

func (s *Store) presigned(r *http.Request) (*claim, error) {
	q := r.URL.Query()
	scope := strings.Split(q.Get("X-Amz-Credential"), "/")
	at, err := time.Parse(timeFormat, q.Get("X-Amz-Date"))
	valid, number := strconv.Atoi(q.Get("X-Amz-Expires"))
	switch {
	case q.Get("X-Amz-Algorithm") != algorithm, len(scope) != 5, scope[len(scope)-1] != terminator, err != nil, number != nil:
		return nil, refusal(http.StatusBadRequest, "AuthorizationQueryParametersError", "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	case valid < 0 || time.Duration(valid)*time.Second > longestValid:
		return nil, refusal(http.StatusBadRequest, "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	case s.wall().After(at.Add(time.Duration(valid) * time.Second)):
		return nil, refusal(http.StatusForbidden, "AccessDenied", "Request has expired")
	}
	c := &claim{
		accessKey: scope[0], date: scope[1], region: scope[2], signed: strings.Split(q.Get("X-Amz-SignedHeaders"), ";"),
		signature: q.Get("X-Amz-Signature"), at: q.Get("X-Amz-Date"), payload: unsigned, query: q,
	}
	if given := r.Header.Get(payloadHash); given != "" {
		c.payload = given
	}
	c.query.Del("X-Amz-Signature")
	return c, nil
}

// sign is what the signature would be of who has the key.
func (c *claim) sign(r *http.Request) string {
	request := sha256.Sum256([]byte(c.canonical(r)))
	scope := strings.Join([]string{c.date, c.region, service, terminator}, "/")
	key := []byte("AWS4" + SecretKey)
	for _, part := range []string{c.date, c.region, service, terminator} {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, strings.Join([]string{algorithm, c.at, scope, hex.EncodeToString(request[:])}, "\n")))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash never fails
	return h.Sum(nil)
}

// canonical is a request in the form of which a signature is made.
func (c *claim) canonical(r *http.Request) string {
	var headers strings.Builder
	for _, name := range c.signed {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	return strings.Join([]string{
		r.Method, escapedPath(r.URL), canonicalQuery(c.query), headers.String(), strings.Join(c.signed, ";"), c.payload,
	}, "\n")
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

// escapedPath is the path with every byte escaped that is not unreserved.
func escapedPath(u *url.URL) string {
	parts := strings.Split(u.Path, "/")
	for i, p := range parts {
		parts[i] = escape(p)
	}
	return strings.Join(parts, "/")
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		for _, v := range values {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escape is AWS's way of escaping, in which a blank is no plus sign.
func escape(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), "%7E", "~")
}
