/**
 * Short streams of libspeex 1.2.1 in every sub-mode, made from `madeSpeech` from 50 ms on, with samples of what libspeex
 * itself decodes from them. For the Speex tests, which thereby need no other files.
 */

export interface SpeexGolden {
  readonly name: string;
  /** 0 narrow, 1 wide, 2 ultra-wide band. */
  readonly band: 0 | 1 | 2;
  /** Eight packets in base64, each behind an octet with its length. */
  readonly packets: string;
  /** Every eighth (16th, 32nd) sample of the last frame. */
  readonly samples: readonly number[];
  /** Effective values of all frames. */
  readonly levels: readonly number[];
}

export const SPEEX_GOLDENS: readonly SpeexGolden[] = [
  {
    name: 'narrow band, sub-mode 8',
    band: 0,
    packets:
      'CkQk0qKrnMKoBdQKRCTSnygCvifHfApEJNKbaIHEk3x8CkAmupdqIIl64eQKQCa6kyog4D00fApAJrqPKNpMEYzwCkAmuotp' +
      'abfph14KQCa6h2Y4y2bLsg==',
    samples: [
      -877, 193, 1226, 1391, -1503, 5285, -1225, 3918, 817, -3722, -262, 2785, -1678, 1978, -565, -3250, 1254,
      189, -2318, 608,
    ],
    levels: [1207, 2486, 3210, 3352, 3278, 2968, 2722, 2336],
  },
  {
    name: 'narrow band, sub-mode 2',
    band: 0,
    packets:
      'DxQk0qKg7u4FS9Hi3+w3Rg8UJNKem5L3V5IOzU//ZEYPFCTSmpYstNky7gr9vixYDxAmupaK9uzWna4q0v74UA8QJrqSm3Qs' +
      '+e5/+sjQubAPECa6jpo7wsH3Z/bLkXnaDxAmuoqK7u7Xcd4zez+l3A8QJrqGaubSvpFxzYjXpcY=',
    samples: [
      -337, -1016, 1127, 1984, -1736, 5245, -2207, 2691, 242, -3735, 432, 2663, -1369, 1624, -1031, -2902,
      1705, 243, -2065, 385,
    ],
    levels: [1706, 3107, 3428, 3566, 3573, 3246, 2796, 2211],
  },
  {
    name: 'narrow band, sub-mode 3',
    band: 0,
    packets:
      'FBwk01AAOc5wIH8TyUSojdKiXC1AFBwk00UYrqF6fa1uLT4yLAyfBvmPFBwk00vKlbySbfscBS9kyEab/bvMFBgmu0uY6qIK' +
      'XASk+S4fThaVgCM/FBgmu0Sa1qkaTAusQSfL5JyNQO89FBgmu0rmDzDyPDIejRGQW4iIxYgtFBgmu0RaKd4KLCxZORfRo1iL' +
      '42XGFBgmuzRIaHxlMzGy8Q6OyaaFfKnO',
    samples: [
      -633, -755, 840, 1648, -1544, 5076, -2084, 2997, 94, -3350, 405, 3066, -1524, 2056, -867, -2723, 1554,
      151, -2251, 200,
    ],
    levels: [1528, 3169, 3575, 3580, 3554, 3298, 2866, 2196],
  },
  {
    name: 'narrow band, sub-mode 4',
    band: 0,
    packets:
      'HCQk01AAGzZs2bBAjIv6q4UopYYJVuUE8jmaGAccJCTTRP2mG75rdPaRFBzYpPhfeqHnhN0xMfrFpxwkJNNExkZUHHgk23V/' +
      'vWy02EuHvFiE390U88cnHCAmu0SqtvCYzKS6lFrI8YS4VFS11KS/RErU6MccICa7RJqauCN5pJgv8+oEpJ83NqPRpGrwFGDb' +
      'FxwgJrtEenObGwuEeA/co3zUf1OavbUERjqbTrq3HCAmu0qmN/QrAdRaGJIq1eqrXUeD1nRfGwButYccICa7NEh3rNjoCmZR' +
      'k+tWGneON+K0ZCubztvWdw==',
    samples: [
      -564, -459, 936, 1564, -1661, 5213, -1912, 3093, 301, -3774, 403, 2855, -1466, 1778, -723, -2850, 1715,
      -19, -2272, 95,
    ],
    levels: [1841, 3356, 3388, 3587, 3528, 3302, 2848, 2251],
  },
  {
    name: 'narrow band, sub-mode 5',
    band: 0,
    packets:
      'JiwkrU4VAAB///////+DfbfKJDvLqJSQ1GeklVcPai5SI0HUAR/3JiwkrU/WTnnWqHb48RsoQRcHUw3XXRPYmDfI5wDf6cw5' +
      '9FU3k2R3JiwkrUvWToGTqBb/wOsmONbvHWfy1NKecDFsDFuoSZA64bVQ7Vg3Jigm/O5WS+2T+mn+n5Lb9v/ngG39kNKYScZ3' +
      'bTc06RupE70m9b2XJigm/O5WSHHqB99b/+LZOP8mcr8BkFJ/RTE7aKYKyTk6wGwydcLXJigm/Ot2RnHO2cH/P3iiVvEKBu1o' +
      'edH/fukyf5n9qJu/yQHkzrf3Jigm/Ot2rf0Yy0U8drCi3NIFtIPVa+rIYUwf5jS4aL+1oTrXv+CHJigm/OhVRcnjb/+s8H+h' +
      'OOfVv/WD4mmnfbeqyvAMFOnALddVk2g3',
    samples: [
      -630, -599, 863, 1575, -1597, 5119, -1835, 3002, 369, -3827, 352, 2873, -1453, 1793, -824, -2900, 1606,
      191, -2249, 84,
    ],
    levels: [1942, 3370, 3418, 3496, 3425, 3280, 2815, 2209],
  },
  {
    name: 'narrow band, sub-mode 6',
    band: 0,
    packets:
      'LjQkrU4VAABo6Ojo6Ojo6IOhv0p7xRxQYx8U8tekXeo7w15cqi5A3aZh5dVjMRcuNCStT9ZOeTXWIuo7Qkv5qECyKOnY2KXf' +
      'FVOcZ+xgpKB1YJiJzDOpgyMGc+NZdy40JK1L1k6BPkQi1nqzzfwmONuDmDwOvZfikp5W6ajbHX5NZImQOoR4ReMdGXX3LjAm' +
      '/O5WtnnMGZ85LzW27SVwtC6h760Z/P8SmEN2N1Wf2XCKqRugkxRJF4p68ScuMCb87lZIcej1rHjqL4J1I5z0JoZp9znXklHe' +
      'UVdWDoSVxXtoxTuvA4VyADe9hy4wJvzrdrHJH1ZnMSvR6c+iVswz/VjirIYikf9r5lIkaflqq0j5NVGAV8MceRo3LjAm/Ot2' +
      'Ra0L9YzZjXwQTSLcheq/2mIMHhcRSFqf+QcWQzEDCL+zKqn/LQs6ORcuMCb86FVDrdYvmbaLerOkoTj8XT/G5cxfgRDujW3T' +
      '/kZAdV/oZERW+XVaMbSUhw==',
    samples: [
      -450, -711, 1059, 1707, -1620, 5192, -1857, 2913, 236, -3740, 401, 2853, -1588, 1866, -813, -2808, 1536,
      126, -2166, 173,
    ],
    levels: [1969, 3267, 3387, 3510, 3439, 3284, 2798, 2202],
  },
  {
    name: 'narrow band, sub-mode 7',
    band: 0,
    packets:
      'PjwkrU4VAAB////////rbrbrbraCfbfKJDvLqIWSmCCuS5Q31Gem0k8/926EqU5kCi5IJ4GEHVHlEGJ/UG1XPjwkrU/WTnkD' +
      '9rb2QAdeYbrXMYmoQMG2aF47XSs5tVOUqFOcY52qXBFuLxgbwZplKcw4SVk3iXjp3k7Z3g1nPjwkrUvWToES9OVbwP3KkG2H' +
      'ouqmOP/vG2fzWcyDmHzSfxMYeqDGiZhtv0zUKTULyZA64df5/zgPQnuA9VmnPjgm/O5WSnGTamYBby0qW3OT93clOMODYHSa' +
      '4dUE6YjZd5KYQPJPxLcGhQUHcKo86Ruhdfmuzr2Qvx4WK3pXPjgm/O5WSHHaUnAFbML3Apj8a2WkcMOsSFYNoOXzF4i15NJ/' +
      'RhU/3bQJQCizPB2qqMU7Z1kzXgbZzjEhGMdHPjgm/Ot2RnFO3+H//T2Q8bNCTjAjcPR41tO/SYpmFNZWkFH/aQMyYDf/noWn' +
      'ANZtqJutSTeASmJnmg7eyzTHPjgm/Ot2rf2ckQ2OHr/MQskU3NCi3IUHtIPVa9uAoxpO2arIQUi6af47TaIayTS6aL+4TDbZ' +
      'gzAE/4TQGzWnPjgm/OhVRcnEA3+Y8HOyqyHMC28hOOc7uHWBTRa95O39UFDuerbxic0K15JqUKIJqGRCLddVgSSZ3uAzDnvX',
    samples: [
      -576, -620, 916, 1700, -1565, 5196, -1976, 2995, 233, -3740, 353, 2785, -1384, 1821, -696, -2751, 1591,
      158, -2184, 261,
    ],
    levels: [1981, 3248, 3384, 3529, 3433, 3282, 2789, 2191],
  },
  {
    name: 'narrow band, sub-mode 1',
    band: 0,
    packets: 'Bgwk0qKqDwYMJNKfbA8GDCTSm2wPBggmupdsDwYIJrqTbA8GCCa6j2wPBggmuotsDwYIJrqHag8=',
    samples: [
      -102, -6698, 3396, -425, -100, 100, -155, 4451, 833, -1128, 708, -20, -21, 2129, -2694, -215, 373, -57,
      -44, 130,
    ],
    levels: [1341, 2337, 2752, 2587, 2383, 2376, 2350, 2109],
  },
  {
    name: 'wide band, mode 4',
    band: 1,
    packets:
      'ICQk00AAGzZs2bAgmzYyL+J8hOiVptT91dnI4Pk7JJylICQk00T9u9i+nqT2+8TY2dT7TY1ns0T4GLIoock7ZCVIICA8SUTG' +
      'UATgkdToIGq22aTYAbbjDkTfP2k94qk6hLFsICAmu0SmW68KOnS7GcRwDOS4cVUdOISdTNyC4Bk7J7XOICAmu0SbcLf4ifSY' +
      'D+BZf3SfarBZWYsaRm4C9Gk7ZjmsICAmu0Rqem4oP2rqUzccUrr/cPE1iNRGCnrYVTk7ZkZPICAmuzRKLqfDPYRaXfS4ACRY' +
      'YiKYQzRfb6denNk5CD4RICAmuzRIOvD31nqLWJrcG5Q6TaPgzaprUL5oV4k7Z8IR',
    samples: [
      -2251, 4168, -2198, -513, -525, 242, 1265, 524, -1814, 5349, -1979, 3217, 596, -4216, 320, 2578, -1081,
      1814, -568, -2857,
    ],
    levels: [1263, 3250, 3587, 3632, 3496, 3287, 2850, 2425],
  },
  {
    name: 'wide band, mode 6',
    band: 1,
    packets:
      'NCwkrU4VAAB///////+BO3///dkaMsmZ2SCGG7F+ai5HOdNV17haOyO1rWC0Y0CFqWDNrWc0LCStSZZOrYrS532KzShAy+w4' +
      'G1Q2E5xCT6oBMdtpjyKHuRHTDto7YMWtYLQtYLWtYLWtZzQoPBkmVkzdbYVpG8rkJyBCqafivRhTOELdrOxGw2lvILvvXmG3' +
      '6jqAta1gta1gta1gtAtnNCgm/O5WTIE9cO1DPiglOLCbvs1JohLYV7fmv4oICRunku2nk/2KOyC2LWC1kCC2bWACLFc0KCb8' +
      '7lZIcQZXgUxDE6SwtcG05efwEhh/d8BwAWrI26YWSnnT/Ro7YLQtYLWtkLYtYLWFZzQoJvzrdkZxPcskfdoh1ziNjKrW7I2R' +
      'yEwFbyyRgEibqE4MP85EejtgXaFgta2Qha1gLbFnNCgm/Ot2R8lBOYbzDBXW5KtKYgBuZdDOOiYkNneuqL+jm//54f9aOQDK' +
      '7ZDNrIDBbZC1rFc0KCb863VC3UU8Gq38HKHWocPjZsPpkO5Mg+xEvQwIJyiNSDWItKo7YAZEAC7XUAntYCZyJw==',
    samples: [
      -2369, 4051, -2124, -670, -590, -57, 1145, 844, -1915, 5391, -1847, 3413, 496, -4197, 254, 2483, -1109,
      1892, -685, -2931,
    ],
    levels: [1314, 3271, 3446, 3521, 3449, 3281, 2852, 2418],
  },
  {
    name: 'wide band, mode 8',
    band: 1,
    packets:
      'RjQkrU4VAABo6Ojo6Ojo6IF9dHR0R2CZC2aJ/Mt22b74Zb70Skg0HSXnWELWgOs7I6urq6urCrwnU0bQTQ2OFA4NbCbY1CdG' +
      'NCStSZZOrTLRzThIHh/tKECz57rXWCKkVq+eSlEGLlozRl+Jjy27ITAntJp/CztguCdCa0IKuNQg6OCrQlYNwgwj2rq6t0Yw' +
      'PBkmVk/9Ty5dD6rzo52mOJrZhowdhBjiEzhUoFynSMzK1Ym7pv/nSQMeuDLrOoCrq46rqwDY7JyTcEKrju1JBJpz2nSXRjAm' +
      '/O5WTIFp/PF/J88eRyU4pcDbng/mZLlS2ETt5hL3QzlWiS879piPLSe/AVs7IKsNwsItDJjY6nDgDqeN1sIMKrbZwOdGMCb8' +
      '7lZIcXlI42poVa0d2TijzysV08Zq1pIYTA3AZ8HytHfpOSgzJisYPcONKztgqxxWjY0KvNDTiOBJvY3JwgwquUJ450YwJvzr' +
      'dq95Mdwy6JnBw8QjsIw64q64DKztEZgs23TMEVyt+oibkHPGVlo2Kv77O2BCyZy9qwzUltSb0MkNDoQOCcjRyK7XRjAm/Ot2' +
      'R8l4+BnfxJUYAiLcrfYlz+ftIPTQzjMDL0dIgBMDaL+o+knp/rM14ys5AO2Np8m9CrSQ641gJz1AFDgOuNzYQOdGMCb863VC' +
      '3TcYmHq8cpg6oda68RustvHhGxDuQufWggPvh8YU6a2p9pGzgx8DOztgfrebzZsAj4ye2SDzYj3JjQgOstOI1w==',
    samples: [
      -2342, 4057, -2092, -526, -573, -105, 1217, 637, -1873, 5266, -1882, 3459, 621, -4294, 307, 2557, -1073,
      1876, -515, -2913,
    ],
    levels: [1573, 3158, 3436, 3500, 3452, 3263, 2849, 2412],
  },
  {
    name: 'wide band, mode 10',
    band: 1,
    packets:
      'ajwkrU4VAAB////////rbrbrbraBfX///dkaMvW2188Ya0nN2SCGG43meHzsSBY7akg5a1uRBIyGjdYKKMScOyCrq6urq6ur' +
      'q6urCrwnVtbasc+lSnBNDY4UDjA3LZTNDWwm2NQu3Np8l4dqPCStSZZRYQo/+uGP2pkzQ5yqSSdusUEL8TA2ERZa5PynU5xS' +
      'A6oIfd4ywnGpFGGJ7CK1ODhTwUWBheVOehw7YM0nQmtCnbdrrXgKuNqw6Ojae3yVgKtCVg3CyWtra5QMI9q6urDTgUjRt2o4' +
      'PBkmVkzdbXxy/8skKN2IEvAkpji1jh+QCVHhU2Dh+blTOELcBOxGZ2wkm6hYoYm7ptrC/+e3Dn2J5KEonDqAq6uOq6s32ic4' +
      'SQDY7JyZyNOG16VAq6uO7UmA61Y4LQSac9p0m8iFSgmHajgm/O5WTIE888n/P8g2aTPrA2ClOI5LvscVr9N4qvXaEBLYOBXx' +
      'AYoP4EXncFQICXunkuC2V56OIdVrr2+cOyAEDcLCLawtPEJeBCjY6nDjfenIi4AOp43WwpQ3N/NlDCq22cDoKBTzCfdqOCb8' +
      '7lZIcQaVkUwbBS0Bl4AQflk4iO0NQJQ4NYUeGhGFkhhfarBwVwrTEvQBa/IpOSnWT5Kg0ehDOraOMaw7YKscVo2NzV7CQLgK' +
      'vNDTiOzUpW3FQEm9jcnCFAFA760MKrlCeOADjajph2o4JvzrdkZxLJMka/ohvEm8J9wnWAqOEZg+/TKNYtDaHgWRmFXDb/P+' +
      '3adNDqtDK2ibr878P87s6dYMpvgNbDtgQsmcvaub2k5bmAzUltSb0A1lbNtwyQ0OhA7SuDcEjQnI0ciu0UDq3HN3ajgm/Ot2' +
      'R8iaCciKIRJZqZoED5pW5KtIrXUyZn340j96FpDOOgcYmF+hxiwrsTRpyL+jjIf54dVjVNDXjp3sOQDtjafJvRI3G4SKC9SQ' +
      '641ritTfPvAnSc8UOO+cTws8Drjc2EDmvv2G+4dqOCb863VFyUP4MpWv+pgakSoPuiHWp8NCFsNZsPjGoTOyEO5JNQ/a6/wG' +
      'z+xEymB06arNSDWO1/0KWhrlnbw7YH63m82bk6qd258Aj4ye2SWcTyc8wPPrPcmNMJJJ81oIDrLTiN3oS0Yydw==',
    samples: [
      -2331, 3988, -2025, -581, -628, 122, 1095, 603, -1785, 5206, -1825, 3360, 487, -4286, 302, 2491, -1168,
      1972, -601, -2927,
    ],
    levels: [1592, 3167, 3435, 3481, 3445, 3246, 2828, 2393],
  },
  {
    name: 'ultra-wide band, mode 3',
    band: 2,
    packets:
      'HRwk00AAOc5wcF3UAOQqSJ6iVseRk7JJDEk7YEWuHRwk00UsoRayfvTUKUMgOdafB8ftk4AyErk7Z7GuHRgmyUTdCVYiaxNp' +
      'lTbPuoSbB9vpk4ZjWwk7ZzHMHRgmu0SmAEM6XCrCqS4HY/aX7uiLk7Z7mqk4BzXzHRgmu0SKeiPSTCLHaSYDE6VhT3Fjk5ZS' +
      '2Mk7aT4PHRgmu0RqMa7yPRsxtR/TrpyP6VODk7JTFLk7aL4OHRgmuzRoWU7iLQ2w9RYFF49Qy3W8k7JrXNk7aD2uHRgmuzQm' +
      'ONl1RaJTFQ6ObJyFYcTFk6iLGrk7ZzYP',
    samples: [
      1174, -3206, -2247, 4217, -2250, -942, -533, -367, 1056, 1144, -1982, 5161, -1896, 3597, 330, -4169,
      259, 2438, -1212, 1678,
    ],
    levels: [524, 2998, 3520, 3536, 3518, 3291, 2860, 2428],
  },
];
