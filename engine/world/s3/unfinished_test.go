package s3

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
)

// What is told of uploads that are not complete: enough to go on with one.
var unfinished = []conformanceCase{
	{"what is told of an upload", func(p *peer) string {
		ctx, key := p.t.Context(), aws.String("d/a b")
		begun, err := p.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: &p.bucket, Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: types.ChecksumTypeFullObject,
		})
		require.NoError(p.t, err)
		for _, n := range []int32{3, 1} {
			_, err := p.client.UploadPart(ctx, &s3.UploadPartInput{
				Bucket: &p.bucket, Key: key, UploadId: begun.UploadId, PartNumber: &n, Body: strings.NewReader("hello"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
			})
			require.NoError(p.t, err)
		}
		var out []string
		for _, prefix := range []string{"d/a b", "d/", "other"} {
			listed, err := p.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &p.bucket, Prefix: &prefix})
			require.NoError(p.t, err)
			for _, u := range listed.Uploads {
				out = append(out, fmt.Sprint(*u.Key, " ", u.ChecksumAlgorithm, " ", u.ChecksumType, " ", u.StorageClass, " ", *u.UploadId == *begun.UploadId, " ", u.Initiated != nil))
			}
		}
		parts, err := p.client.ListParts(ctx, &s3.ListPartsInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId})
		require.NoError(p.t, err)
		for _, part := range parts.Parts {
			out = append(out, fmt.Sprint(*part.PartNumber, " ", *part.Size, " ", *part.ETag, " ", aws.ToString(part.ChecksumCRC32), " ", part.LastModified != nil))
		}
		_, err = p.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId})
		require.NoError(p.t, err)
		_, again := p.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId})
		_, gone := p.client.ListParts(ctx, &s3.ListPartsInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId})
		return strings.Join(append(out, verdict(again), verdict(gone)), "\n")
	}, `d/a b CRC32 FULL_OBJECT STANDARD true true
d/a b CRC32 FULL_OBJECT STANDARD true true
1 5 "5d41402abc4b2a76b9719d911017c592" NhCmhg== true
3 5 "5d41402abc4b2a76b9719d911017c592" NhCmhg== true
404 NoSuchUpload
404 NoSuchUpload`},
	{"an upload that is complete", func(p *peer) string {
		ctx, key := p.t.Context(), aws.String("a")
		begun, err := p.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &p.bucket, Key: key})
		require.NoError(p.t, err)
		part, err := p.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
		require.NoError(p.t, err)
		_, err = p.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &p.bucket, Key: key, UploadId: begun.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}},
		})
		require.NoError(p.t, err)
		_, more := p.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId, PartNumber: aws.Int32(2), Body: strings.NewReader("x")})
		_, aborted := p.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: key, UploadId: begun.UploadId})
		return verdict(more) + ", " + verdict(aborted) + ", " + p.get(s3.GetObjectInput{Key: key})
	}, "404 NoSuchUpload, 404 NoSuchUpload, x"},
}
