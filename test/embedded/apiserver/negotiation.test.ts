import { describe, expect, test } from 'vitest'
import { negotiate } from '../../../src/embedded/apiserver/negotiation.ts'

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

describe('Accept', () => {
  test.each([
    [null, 'object', 'application/json', 'v1'],
    ['', 'object', 'application/json', 'v1'],
    ['*/*', 'object', 'application/json', 'v1'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'object', 'application/json', 'v1'],
    ['application/yaml', 'object', 'application/yaml', 'v1'],
    ['application/vnd.kubernetes.protobuf,application/json', 'object', 'application/json', 'v1'],
    [`${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, 'Table', 'application/json', 'v1'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'Table', 'application/json', 'v1beta1'],
    ['application/json; as=Table; v=v1; g=meta.k8s.io, application/json', 'Table', 'application/json', 'v1'],
    [
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'PartialObjectMetadataList',
      'application/json',
      'v1',
    ],
    ['application/json;as=Foo;v=v1;g=meta.k8s.io,application/json', 'object', 'application/json', 'v1'],
  ])('%s', (accept, as, mediaType, version) => {
    expect(negotiate(accept)).toEqual({ as, mediaType, version })
  })

  test.each([
    ['application/json;as=Foo;v=v1;g=meta.k8s.io', /^only the following media types are accepted: application\/json, /],
    ['application/json;as=Table;v=v2;g=meta.k8s.io', /^only the following media types are accepted/],
    ['application/vnd.kubernetes.protobuf', /^only the following media types are accepted/],
    ['text/html', /^406: Not Acceptable\n\nAvailable representations: application\/json, application\/yaml, /],
  ])('%s is refused', (accept, message) => {
    expect(() => negotiate(accept)).toThrow(
      expect.objectContaining({ code: 406, reason: 'NotAcceptable', message: expect.stringMatching(message) }),
    )
  })
})
