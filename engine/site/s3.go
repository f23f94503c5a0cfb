package site

import (
	"net/url"

	"runbook/engine/action"
	"runbook/engine/yamlfile"
)

// S3 says where the object store is, and who the run is there. What is left out, AWS's own environment and files say, and credentials
// stand nowhere else.
type S3 struct {
	Profile string `yaml:"profile"` // of AWS's files; it comes before the keys of the environment
	Region  string `yaml:"region"`
	// Endpoint is the address of a store that is not AWS, or of an endpoint of one's own in AWS.
	Endpoint string `yaml:"endpoint"`
	// PathStyle has buckets in the path of addresses, and not in the name of the host, as most stores want it that are not AWS.
	PathStyle bool `yaml:"path_style"`
}

func (s S3) check(text []byte) error {
	if s.Endpoint == "" {
		return nil
	}
	fault := CheckURL(s.Endpoint)
	if u, err := url.Parse(s.Endpoint); fault == "" && err == nil && u.User != nil {
		fault = "credentials stand in AWS's own files, and never in an address"
	}
	if fault != "" {
		return action.Errorf(action.CodeInvalid, "line %d: s3.endpoint: %s", yamlfile.LineOf(text, "s3", "endpoint"), fault)
	}
	return nil
}
