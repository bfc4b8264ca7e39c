{
  "patcher": {
    "fileversion": 1,
    "appversion": {
      "major": 8,
      "minor": 5,
      "revision": 0,
      "architecture": "x64",
      "modernui": 1
    },
    "classnamespace": "box",
    "rect": [
      80.0,
      80.0,
      1000.0,
      620.0
    ],
    "bglocked": 0,
    "openinpresentation": 0,
    "default_fontsize": 12.0,
    "default_fontface": 0,
    "default_fontname": "Arial",
    "gridonopen": 1,
    "gridsize": [
      15.0,
      15.0
    ],
    "boxes": [
      {
        "box": {
          "id": "about",
          "maxclass": "comment",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            20,
            15,
            760,
            22
          ],
          "text": "Sounds of foleyd. Left: clips into buffer~, over HTTP by node.script. Right: hits, clips and endless sounds over OSC, played by foleyd."
        }
      },
      {
        "box": {
          "id": "load",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 1,
          "outlettype": [
            "bang"
          ],
          "patching_rect": [
            20,
            50,
            60,
            22
          ],
          "text": "loadbang"
        }
      },
      {
        "box": {
          "id": "later",
          "maxclass": "newobj",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            "bang"
          ],
          "patching_rect": [
            20,
            80,
            70,
            22
          ],
          "text": "delay 1000"
        }
      },
      {
        "box": {
          "id": "classes",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            20,
            110,
            60,
            22
          ],
          "text": "classes"
        }
      },
      {
        "box": {
          "id": "generate",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            150,
            110,
            190,
            22
          ],
          "text": "generate $1 temperature 0.9"
        }
      },
      {
        "box": {
          "id": "seeded",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            20,
            140,
            190,
            22
          ],
          "text": "generate DogBark 42 length 2."
        }
      },
      {
        "box": {
          "id": "node",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 2,
          "outlettype": [
            "",
            ""
          ],
          "patching_rect": [
            20,
            180,
            210,
            22
          ],
          "text": "node.script foley-node.js @autostart 1"
        }
      },
      {
        "box": {
          "id": "route",
          "maxclass": "newobj",
          "numinlets": 4,
          "numoutlets": 4,
          "outlettype": [
            "",
            "",
            "",
            ""
          ],
          "patching_rect": [
            20,
            215,
            150,
            22
          ],
          "text": "route menu done failed"
        }
      },
      {
        "box": {
          "id": "menu",
          "maxclass": "umenu",
          "numinlets": 1,
          "numoutlets": 3,
          "outlettype": [
            "int",
            "",
            ""
          ],
          "patching_rect": [
            150,
            80,
            120,
            22
          ],
          "items": []
        }
      },
      {
        "box": {
          "id": "symbol",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            150,
            50,
            60,
            22
          ],
          "text": "tosymbol"
        }
      },
      {
        "box": {
          "id": "first",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 3,
          "outlettype": [
            "",
            "float",
            "int"
          ],
          "patching_rect": [
            70,
            250,
            70,
            22
          ],
          "text": "unpack s f i"
        }
      },
      {
        "box": {
          "id": "replace",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            70,
            280,
            80,
            22
          ],
          "text": "replace $1"
        }
      },
      {
        "box": {
          "id": "buffer",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 2,
          "outlettype": [
            "float",
            "bang"
          ],
          "patching_rect": [
            70,
            310,
            120,
            22
          ],
          "text": "buffer~ foley-clip"
        }
      },
      {
        "box": {
          "id": "start",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            240,
            280,
            45,
            22
          ],
          "text": "start"
        }
      },
      {
        "box": {
          "id": "play",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 2,
          "outlettype": [
            "signal",
            "bang"
          ],
          "patching_rect": [
            240,
            310,
            100,
            22
          ],
          "text": "play~ foley-clip"
        }
      },
      {
        "box": {
          "id": "dac",
          "maxclass": "ezdac~",
          "numinlets": 2,
          "numoutlets": 0,
          "patching_rect": [
            240,
            345,
            45,
            22
          ]
        }
      },
      {
        "box": {
          "id": "failed",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            130,
            375,
            100,
            22
          ],
          "text": "print foleyd"
        }
      },
      {
        "box": {
          "id": "how",
          "maxclass": "comment",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            400,
            50,
            300,
            22
          ],
          "text": "Click from top to bottom. Replies come to port 9300."
        }
      },
      {
        "box": {
          "id": "reply",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            80,
            120,
            22
          ],
          "text": "/foley/reply 9300"
        }
      },
      {
        "box": {
          "id": "map",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            110,
            240,
            22
          ],
          "text": "/foley/map max1 DogBark ready 4 choke max"
        }
      },
      {
        "box": {
          "id": "velocity",
          "maxclass": "flonum",
          "numinlets": 1,
          "numoutlets": 2,
          "outlettype": [
            "",
            "bang"
          ],
          "patching_rect": [
            400,
            140,
            60,
            22
          ]
        }
      },
      {
        "box": {
          "id": "hit",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            170,
            130,
            22
          ],
          "text": "/foley/hit max1 $1"
        }
      },
      {
        "box": {
          "id": "full",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            540,
            170,
            130,
            22
          ],
          "text": "/foley/hit max1 0.8"
        }
      },
      {
        "box": {
          "id": "stop",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            200,
            120,
            22
          ],
          "text": "/foley/stop max1"
        }
      },
      {
        "box": {
          "id": "ask",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            230,
            300,
            22
          ],
          "text": "/foley/generate max1 DogBark 42 temperature 0.9"
        }
      },
      {
        "box": {
          "id": "cancel",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            540,
            200,
            130,
            22
          ],
          "text": "/foley/cancel max1"
        }
      },
      {
        "box": {
          "id": "send",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            400,
            265,
            160,
            22
          ],
          "text": "udpsend 127.0.0.1 9248"
        }
      },
      {
        "box": {
          "id": "receive",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            310,
            120,
            22
          ],
          "text": "udpreceive 9300"
        }
      },
      {
        "box": {
          "id": "heard",
          "maxclass": "newobj",
          "numinlets": 7,
          "numoutlets": 7,
          "outlettype": [
            "",
            "",
            "",
            "",
            "",
            "",
            ""
          ],
          "patching_rect": [
            400,
            340,
            620,
            22
          ],
          "text": "route /foley/done /foley/row /foley/played /foley/failed /foley/stream/changed /foley/stream/done"
        }
      },
      {
        "box": {
          "id": "clip",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 4,
          "outlettype": [
            "",
            "",
            "float",
            ""
          ],
          "patching_rect": [
            400,
            375,
            75,
            22
          ],
          "text": "unpack s s f s"
        }
      },
      {
        "box": {
          "id": "prow",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            500,
            375,
            70,
            22
          ],
          "text": "print row"
        }
      },
      {
        "box": {
          "id": "phit",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            580,
            375,
            80,
            22
          ],
          "text": "print played"
        }
      },
      {
        "box": {
          "id": "pfail",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            670,
            375,
            80,
            22
          ],
          "text": "print failed"
        }
      },
      {
        "box": {
          "id": "replace2",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            405,
            80,
            22
          ],
          "text": "replace $1"
        }
      },
      {
        "box": {
          "id": "endless",
          "maxclass": "comment",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            400,
            450,
            430,
            22
          ],
          "text": "Without end, on the output of foleyd; a ping every 20 s keeps it."
        }
      },
      {
        "box": {
          "id": "begin",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            480,
            330,
            22
          ],
          "text": "/foley/stream/start max2 Rain as rain level -6."
        }
      },
      {
        "box": {
          "id": "change",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            510,
            330,
            22
          ],
          "text": "/foley/stream/set rain class Rain:1+Keyboard:1"
        }
      },
      {
        "box": {
          "id": "keep",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            400,
            540,
            180,
            22
          ],
          "text": "/foley/stream/keep rain 20."
        }
      },
      {
        "box": {
          "id": "end",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            600,
            540,
            130,
            22
          ],
          "text": "/foley/stream/stop rain"
        }
      },
      {
        "box": {
          "id": "alive",
          "maxclass": "newobj",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            "bang"
          ],
          "patching_rect": [
            20,
            480,
            90,
            22
          ],
          "text": "metro 20000"
        }
      },
      {
        "box": {
          "id": "ping",
          "maxclass": "message",
          "numinlets": 2,
          "numoutlets": 1,
          "outlettype": [
            ""
          ],
          "patching_rect": [
            20,
            510,
            80,
            22
          ],
          "text": "/foley/ping"
        }
      },
      {
        "box": {
          "id": "stay",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 1,
          "outlettype": [
            "bang"
          ],
          "patching_rect": [
            20,
            450,
            60,
            22
          ],
          "text": "loadbang"
        }
      },
      {
        "box": {
          "id": "pchanged",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            760,
            375,
            100,
            22
          ],
          "text": "print changed"
        }
      },
      {
        "box": {
          "id": "pended",
          "maxclass": "newobj",
          "numinlets": 1,
          "numoutlets": 0,
          "patching_rect": [
            870,
            375,
            90,
            22
          ],
          "text": "print ended"
        }
      }
    ],
    "lines": [
      {
        "patchline": {
          "source": [
            "load",
            0
          ],
          "destination": [
            "later",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "later",
            0
          ],
          "destination": [
            "classes",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "classes",
            0
          ],
          "destination": [
            "node",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "seeded",
            0
          ],
          "destination": [
            "node",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "menu",
            1
          ],
          "destination": [
            "symbol",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "symbol",
            0
          ],
          "destination": [
            "generate",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "generate",
            0
          ],
          "destination": [
            "node",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "node",
            0
          ],
          "destination": [
            "route",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "route",
            0
          ],
          "destination": [
            "menu",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "route",
            1
          ],
          "destination": [
            "first",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "first",
            0
          ],
          "destination": [
            "replace",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "replace",
            0
          ],
          "destination": [
            "buffer",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "buffer",
            1
          ],
          "destination": [
            "start",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "start",
            0
          ],
          "destination": [
            "play",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "play",
            0
          ],
          "destination": [
            "dac",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "route",
            2
          ],
          "destination": [
            "failed",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "reply",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "map",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "velocity",
            0
          ],
          "destination": [
            "hit",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "hit",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "full",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "stop",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "ask",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "cancel",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "receive",
            0
          ],
          "destination": [
            "heard",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "heard",
            0
          ],
          "destination": [
            "clip",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "clip",
            1
          ],
          "destination": [
            "replace2",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "replace2",
            0
          ],
          "destination": [
            "buffer",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "heard",
            1
          ],
          "destination": [
            "prow",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "heard",
            2
          ],
          "destination": [
            "phit",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "heard",
            3
          ],
          "destination": [
            "pfail",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "play",
            0
          ],
          "destination": [
            "dac",
            1
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "begin",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "change",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "keep",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "end",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "ping",
            0
          ],
          "destination": [
            "send",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "stay",
            0
          ],
          "destination": [
            "alive",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "alive",
            0
          ],
          "destination": [
            "ping",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "heard",
            4
          ],
          "destination": [
            "pchanged",
            0
          ]
        }
      },
      {
        "patchline": {
          "source": [
            "heard",
            5
          ],
          "destination": [
            "pended",
            0
          ]
        }
      }
    ]
  }
}
