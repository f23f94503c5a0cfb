package site

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheObjectStoreOfASite(t *testing.T) {
	s, err := Parse([]byte("s3: {profile: ops, region: eu-west-1, endpoint: https://store:9000, path_style: true}\n"))
	require.NoError(t, err)
	require.Equal(t, S3{Profile: "ops", Region: "eu-west-1", Endpoint: "https://store:9000", PathStyle: true}, s.S3)
	for text, want := range map[string]string{
		"s3: {endpoint: store}":                    "line 1: s3.endpoint: an address begins with http:// or https://, such as http://prometheus:9090",
		"s3: {endpoint: 'https://me:key@store'}":   "line 1: s3.endpoint: credentials stand in AWS's own files, and never in an address",
		"s3: {secret_access_key: x}":               `line 1: there is no field "secret_access_key" here; there is endpoint, path_style, profile, region`,
		"s3: {endpoint: 'https://store?x=secret'}": "line 1: s3.endpoint: an address ends with its path: what is asked comes after it",
	} {
		_, err := Parse([]byte(text))
		require.EqualError(t, err, want)
	}
}
