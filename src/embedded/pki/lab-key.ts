/**
 * The private key of the labs' token issuer. It is no secret: everybody has it, so that a token made on one machine is
 * good in every lab. Nothing outside a lab may trust it.
 */
import type { JWK } from 'jose'

export const labKey: JWK = {
  kty: 'RSA',
  kid: 'meshdojo-lab-not-a-secret',
  alg: 'RS256',
  use: 'sig',
  n: '1M2YnSWeradkm6t9pDtY2yawdMKQyPXJz_pMc-xEz9P7tFNhI7uNfvlULh3sWt6PSr9KQSW6sLicqCZNSQTAtT5yUjktwc0PA-251YP2nsSPqsO1WuV08yn_B-HFrdMufwEYjtp9FuuXrotLr5zQ-uGrPmYbr8I_bW0rN9ARw9wPNOhIbic3YQc3D3oympPGGO89AOY0Q4Gcp5gMcujUCss_JMdOI5OO_BIiPbqGvZ9CPRS4SCGyO-lM5IUaiQH2OPudihldZOrxHpkQuR2tlyTCUbKT0t3YjXgTDXyW3WFA5SQJd98y3VS-fEQiUywFWOviMwSgTnG6_EDQEyO22w',
  e: 'AQAB',
  d: 'BN2gmDNEgg76R27v5AHxYa1sSncqbVXlY-qCtgHYfvIHZtOjPHhs31LfIGDRxzAgkaJ3Fa9BqgnGlzes-7bumxZO8d9Z0v0X00yru5yVVoMDD_ICow3tEyRKLwl0Bin2fbPuNlH7mzsO0FBiDiVlR99CFZ6rEmU8Iwnke5W32kUSrAJrIZnj8Ktn_k2U8Y-5l1FbEmYX7NVYds5ZXH4bP9SetPJOExT3rzoySZaTF-QFA8z8zZEhwNRIsj5w1Nk9oCezLISo2VnrwQ6V8BAaMm9VGBbuIWzL8JBmNkqCgtJOPRDGGDam2gu_xjrLTgwtVy0VnKVKIbeNxReOt7nmuQ',
  p: '8SeL1nD-kf4RwnlUNFuzmQ4-PtXRZho1QmjIVDUBFHbd8IwQmzikZPYRY6ZWZGZpFyRIfCwpmQFDdOvw-eAfq4c5RDv-4WBJfiiOtlSa2bR-sJNFSRmLeae0PuN_7RSqZ0QNbJkkplc4ecv19oaDlvz5L6RcBsVFL_jbnVg0LxM',
  q: '4ec_uHS9x7bzoj_ysyNXkLfYIivoPy7N4cdti4Jqp2pD1G-17TFP5elSkrkR2End8mjVstT_TfBpnnq7v77TAZf-FfU2AxAzlSHjO3IV9bRuoKmqf-ENzXQDwp7jKCWuYiaCo-BlHniC-O0GwU8uTSgGuMDm0pgtDsob2yCmKhk',
  dp: '4h2chuPILwe1i03MYJOjYN30C2LdRwlH6w7o19wjORcDnysV3xVLP8diIreyxc0ouKQyuwuFrYt7vsQEXaeCyoiub4Z5xMVN49cPiXLnBz6wk8xi6Nnk55sR7O3P43K_HLi4hZ1KuhWKRNmztQYHmKl21O8dwtNxvjtvYKd1trU',
  dq: 'xtkfpeZdB2drne5cXINHmQO7JJkxniw83fkF3D-4UhWgD2cl5Nv7UI3JOY3ev1yGGdNeCESlVp3A2td-XJJEeqqn5fwqxxeD0Eo8Ex-hZN6mYpX2lwordCYjCTWDDtvcXFk5tbbYS7IY17UMtSxVvWT2RbrHc6iwQMx3KLPckEE',
  qi: 'Qgv0y80MyoO6x3h1JEl-Fup6U70IDiWMOCAvZ2KtMV7Hg5yCTASVztkjmlR02R-wTMoR3imklMUSYYE4gL6fAMNgZLKCd5L3EqJsuzI3ErMaqP7365IabkFGdEC-l81JA_Qzk0CJq_itxmO5NTdPMr-99_f1YdwD-WrABnDLWss',
}
