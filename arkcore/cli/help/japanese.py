"""The Japanese texts of the help: a command's by its name, an option's by its English text."""

from __future__ import annotations

#: What stands above a part of the help.
TITLES = {
    "Examples:": "例:",
    "Arguments": "引数",
    "Options": "オプション",
    "Commands": "コマンド",
    "The resource file": "リソースファイル",
}

#: What click itself says in a help.
CLICK = {
    "Usage: ": "使い方: ",
    "Show this message and exit.": "このヘルプを表示します。",
    "[required]": "[必須]",
    "[default: ": "[既定値: ",
}

#: What each command does. Its examples are those of the English text.
COMMANDS = {
    "": """
Generic ARK: LifeKeeper for Linux でアプリケーションを保護します。

環境変数 ARK_PREFIX=/some/dir は、すべてのパスの前に付きます。

終了コード: 0 は成功、1 は失敗または問題あり、2 は使い方の誤り。エラーは標準エラー出力に
出力します。
""",
    "validate": """
リソースファイルと ark.toml を検証します。Pacemaker のリソースは、最後に渡された値を
検証します。

1 件につき 1 行です。OK、または誤っているキーと値、許される値を示します。正しいもの
は記録し、正常時の監視を軽くします。製品自体の設定をプラグインが確認することもあります。

終了コード: 誤ったファイルがあれば 1。
""",
    "run": """
アクションを 1 つ、今すぐ実行し、経過を表示します。

TARGET はリソースまたは論理ホストです。論理ホストは、そのすべてのリソースを表します。
複数の場合、restore は開始順、remove は停止順に 1 つずつ行い、失敗するとそこで終わります。
recover の対象は 1 つだけで、それを必要とするリソースも停止、開始します。

クラスターマネージャーの指示は変えません。そのため、このノードで運用中でないリソースの
restore (もう一方のノードで稼働しているかもしれません) と、運用中で保守中でない
リソースの remove (クラスターが障害とみなします) は拒否します。そのとき表示する
クラスターマネージャーのコマンドか、--force を使ってください。そのリソースを必要とする
ものが稼働しているときの remove も拒否し、両方を停止するコマンドを示します。

終了コード: 正常、判定不能、スキップは 0。失敗と拒否は 1。
""",
    "status": """
このノードのリソースの状態を表示します。

各リソースの状態、その状態になった時刻、クラスターマネージャーの指示、前回の結果を示します。
さらに、通常と異なることを示します。監視不能 (BLIND)、保守、実行中のアクション、
判定不能になった時刻、使った再起動の回数、ブラックボックスです。

その場で各アプリケーションに状態を問い合わせますが、何も変えません。ロックを取らず、判定不能タイマーを
進めず、ログにも書きません。

--peer を指定すると、両ノードを並べて表示し、その下に 2 台の間の異常を示します。
両ノードで運用中、どちらでも運用中でない、運用中でないのに稼働、一方だけが保守中、
バージョンの不一致、時計のずれです。もう一方の ark は、操作者自身の ssh で実行し、
入力は求めません。

終了コード: 使えないファイルやプラグインがあれば 1。--peer では、異常がある場合と、
もう一方のノードから回答がない場合も 1。--watch では 0。--check では
Nagios と Zabbix が理解する 0 OK、1 WARNING、2 CRITICAL、3 UNKNOWN。
""",
    "log": """
RAS ログの最近の実行と、それが示すブラックボックスを表示します。

1 つの実行は、スクリプトとそのステップ、コマンド、タイマーに対する時間です。正常な
quickCheck の連続は 1 つにまとめます。ローテーションされたログも読みます。
ブラックボックスには、遅れたコマンドが打ち切られたときに何をしていたかが残ります。

--peer を指定すると、もう一方のノードの最後の行も操作者自身の ssh で読み、両方のログを
時刻順に並べます。時計が合っている必要があります。
""",
    "why": """
最後に失敗したスクリプトについて、どのステップが、いつ、何秒のうち何秒で失敗したかを
示します。

続けて、理由、コマンドの戻り値と製品の出力、ブラックボックスとそこで止まっていたもの、
その後のスクリプト、確認先を示します。失敗がなければ 1 行です。終了コードはどちらも 0
です。
""",
    "report": """
最後の障害、または期間を、1 つのページにまとめます。

ネットワークがなくても表示できる 1 つの HTML ファイルです。読んだログのノードにわたる時間軸、
サービス停止時間、各実行とそのログの行、タイマーと実績を示します。一方のノードの開始が、先立つ
はずの他方の停止より前に記録されていれば、それで時計の差を補正します。
""",
    "support": """
障害対応の担当者に渡すものを、1 つのアーカイブにまとめます。

RAS ログ (ローテーション済みのものも)、JSON ログ、トレース、ブラックボックス、開始の
出力、リソースファイル、状態と記録、バージョン、ark status と ark preflight の現在の
出力、最後の失敗です。秘密の値は伏せます。含めるものを一覧で示してから、モード 0600 の
新しいファイルを 1 つ書きます。場所は現在のディレクトリです。ほかのユーザーも書き込める
場合はホームディレクトリです。

中の index.txt に、含まれるもの、読めなかったもの、切り詰めたもの、省いたものがあり
ます。ノードの状態は何も変えません。送る前に内容を確認してください。

両方のノードのものをまとめるには、--peer を指定すると、操作者自身の ssh で他方のバンドルをその
ノードで作り、取り込みます。秘密の値はそれぞれのノードで伏せます。ssh を使えない場合は、
一方のノードで実行し、作成されたファイルを他方のノードに転送して
--peer-bundle で指定します。root でない場合、
読めないものは名前を示して省きます。

終了コード: アーカイブを書けない、他方のノードのファイルがバンドルでない、または他方の
ノードから回答がなければ 1。回答がない場合は、このノードの分を書きます。
""",
    "timers": """
タイマーと、そこから決まる最悪時間を表示します。

既定値と異なる値には、設定元 (プラグイン、リソースファイル、クラスター) を示します。
最悪時間は、検知まで、ローカルリカバリ完了まで、フェイルオーバー開始までの時間です。
監視間隔は /etc/default/LifeKeeper の LKCHECKINTERVAL、なければ 120 秒です。
Pacemaker のリソースでは、オペレーションに必要なタイムアウトを示します。

--suggest は、1 つまたはすべてのリソースについて、RAS ログ (ローテーション済みの
ものも) から、各タイマーの対象に実際にかかった時間 (回数、中央値、95 %、最大)、上限に
どこまで近づいたか、設定すべき値とその理由を示します。両立しない値も示します。
LifeKeeper の REMOTETIMEOUT を超える階層全体の remove、22 秒を超える quickCheck、
タイマーより短い Pacemaker のタイムアウト、実際の再起動より短い recover.total です。
値は変更しません。リソースファイルのタイマーを編集してください。
""",
    "rto": """
障害時のサービス停止時間を、想定値と最悪値で示します。

ローカルリカバリ、階層のフェイルオーバー、ノード障害によるフェイルオーバーの内訳ごとに、
想定 (RAS ログの実績の中央値)、実測の最長、タイマーによる最悪を示します。数値には出典が
付きます。実績のないものは不明とし、上限となるタイマーのないものも示します。障害後の開始
の実績を、計画した開始より優先します。

クラスターマネージャーが手順の間に要した時間は、両ノードのログを読むと分かります。各ノードに
ついて --file NODE=PATH を指定してください。
""",
    "maintenance": """
保守を始める、終える、または一覧を表示します。

保守中のリソースの障害には対処しません。quickCheck と recover はスキップします。
保守は再起動後も続き、--until を指定したときだけ自動で終わります。開始と終了は RAS
ログと syslog に記録し、その間のスクリプトも毎回、保守中であることを記録します。

TARGET はリソースまたは論理ホストです。論理ホストは、そのすべてのリソースを表します。
複数の場合は開始順に始まり、停止順に終わります。すべてを始められなければ、何も始めません。
--peer を指定すると、両ノードについて同じです。もう一方のノードで開始できなければ、
このノードでも開始しません。

RESOURCE on と RESOURCE off は、1 つのリソースについて同じことを行います。
""",
    "leftovers": """
削除したリソースの残存ファイルを一覧にし、消去します。

リソースファイルがなく、LifeKeeper にも Pacemaker にも登録されていないリソースの状態、
レコード、出力、ブラックボックスです。稼働中のもの、稼働中かどうか分からないものは
すべて残し、理由を示します。RAS ログは常に残します。

終了コード: --clear で残したものがあれば 1。
""",
    "preflight": """
導入の前にサーバーを確認します。

クラスター構成ガイド第 4 章のすべての確認を、その番号とともに行います。名前、パッケージ、
SELinux、ディスク、時刻、ネットワーク、およびプラグインの確認です。サーバーの組は
/etc/ark/site.toml に記述します。両ノードで同じファイルです。何も変更しません。この
マシンから分からないことは判定不能になります。

2 台の照合には --peer NODE2 を指定します。操作者自身の ssh で他方のノードに問い合わせ、時刻の差も
測ります。または、一方のノードで --export を実行し、そのファイルを他方のノードに転送して
--peer FILE を指定します。

RESOURCE を指定すると、そのプラグインだけに、次の開始で読まれる製品の設定について
問い合わせます。サイトファイルは要りません。

終了コード: 0 は不合格なし、1 は不合格あり、2 は使い方の誤り。
""",
    "guide": """
導入の 8 つの手順と、次に行うことを示します。

/etc/ark/site.toml に記述した組について、クラスター構成ガイド表 4-5 の手順を示します。
それぞれが済か未かを、マシンから分かる範囲で、根拠とともに示します。その後に、
次の手順とそのコマンドを示します。何も変更しません。RAS ログから確認できたローカル
リカバリ、フェイルオーバー、フェイルバックは /var/lib/ark/guide.json に記録し、ログが
なくなった後も済とします。

--peer NODE2 は、操作者自身の ssh で他方のノードに問い合わせます。回答のファイルは、そのノードで
ark preflight --export FILE を実行して得ます。
回答がないときは、このノードで未と分かるものだけを次の手順とします。

終了コード: 他方のノードから回答がなければ 1。
""",
    "verify": """
すべてのプラグインに共通の約束を、プラグインが守っていることを、試験用のノードで確かめます。

クラスターが呼び出すプログラムで、アプリケーションの開始、停止、強制終了、強制停止を、
乱れた環境からの呼び出しも含めて繰り返します。アプリケーション自身のディレクトリを使う
ため、大切なデータのある場所では実行しないでください。このノードの Generic ARK の
ファイルは変更しません。ログと状態には、検証のために作られるノードのものを使います。

このノードで運用中、稼働すべき状態、または稼働中の場合は拒否します。--force を付けると、
保守状態にして先に停止し、最後に開始します。

終了コード: 守られない約束があるか、拒否した場合は 1。
""",
    "demo": """
このマシンで主な動作を見せます: 稼働、ローカルリカバリ、フェイルオーバー、フェイルバック。

2 ノードと共有ディスクはディレクトリです。JP1 と LifeKeeper は模擬プログラムです。root 権限は
要らず、30 秒ほどで終わります。

終了コード: 期待どおりにならない手順があれば 1。
""",
    "new": """
新しいプラグインを作ります。作者が書き換えるための、完全な配布物です。

小さなデーモンを保護する状態で作られるため、すぐにテストに合格し、どのクラスター
マネージャーのもとでも動きます。--kind と --program を付けると、代わりにそのプログラムを、
--kind systemd と --unit を付けると、そのサービスを保護します。
""",
    "plugins": """
見つかったプラグインと、壊れているものの原因を一覧表示します。

一覧だけなら、pip が導入した情報を読むだけで、何も import しません。「検出」は、エン
トリーポイントとモジュールがあることだけを意味します。名前を指定したもの、または
--check ですべてを、それぞれ別のプロセスで import します。壊れたものがあっても、他に
影響しません。

終了コード: 指定したもの (--check ではいずれか) が読み込めない、壊れている、または導
入されていなければ 1。一覧だけなら 0。
""",
    "lifekeeper": "LifeKeeper for Linux への登録と、登録内容の表示を行います。",
    "lifekeeper launchers": """
4 つのランチャー restore、remove、quickCheck、recover を作成します。

LifeKeeper は、それぞれのコピーをリソースのタグの名前で保存します。ランチャーは
変わることがなく、この環境を使います。環境変数から受け取るのは、LifeKeeper の場所を示す
LKROOT だけで、パスやモジュールは受け取りません。1 組で全リソース
に使えます。`ark lifekeeper register` も作成します。
""",
    "lifekeeper register": """
リソースを、依存するものとともに LifeKeeper に登録します。

下位から順に、LifeKeeper の creapphier で各リソースを作成して起動し、dep_create で
依存関係を作ります。依存先は、ファイルの requires にあるリソースと、最下位では
ここで指定する IP リソースとファイルシステムリソースです。この 2 つは先に作成して
おきます。何かを行う前に、すべてを確認します (--dry-run でも)。もう一度実行すると、登録済みのものは
そのままにして、続きから行います。

--plugin を指定すると、1 つのリソースについてリソースファイルも作成します。

リソースを稼働させるノードで、root として実行してください。
""",
    "lifekeeper plan": """
LifeKeeper に登録する階層と、登録の状況を描きます。

下にあるものが先に必要で、先に開始されます。
""",
    "drill": """
ローカルリカバリ、フェイルオーバー、フェイルバックを実際に行い、時間を測ります。

local-recovery は、このノードのアプリケーションの全プロセスを強制終了 (SIGKILL) し、
クラスターマネージャーが検知して再起動するまで待ちます。failover と failback は、クラスター
マネージャーのコマンドでもう一方のノードに切り替えます。all は 3 つを順に行います。

サービスは中断されます。クライアントのコマンドまたはアドレスを呼び続け、中断の長さを
外部から測ります。何を行い、何が一緒に停止するかを先に表示し、確認を求めます。
Pacemaker の移動の制約は、^C の後も含めて必ず削除します。LifeKeeper では、リソースを稼働させる側の
ノードが切り替えを指示します。もう一方のノードでは、管理者が実行するコマンドを表示し、
完了を待ちます。--peer を指定すると、操作者自身の ssh でそのノードで実行します。

ノードまたはリソースの準備ができていなければ拒否します。待ち時間の上限は、停止・開始
するすべてのもののタイマー (LifeKeeper) またはタイムアウト (Pacemaker) から決まります。

終了コード: 0 は合格、1 は不合格、中断、拒否。
""",
    "lifekeeper status": """
このノードのリソースについて、LifeKeeper の登録内容を表示します。

状態は LifeKeeper のもの (ins_list) です。ISP は起動中、OSU は停止中、OSF は障害です。
アプリケーションが稼働しているかは `ark status` で分かります。

終了コード: 未登録、障害、または別の環境のプログラムで登録されたものがあれば 1。
""",
    "lifekeeper refresh": """
LifeKeeper が保存したランチャーのコピーを、現在のものに置き換えます。

LifeKeeper は、4 つのランチャーのコピーを、ノードごとにタグの名前で保存します。Generic
ARK を別の場所に移したときや、コピーが見つけられない Python に変えたときは、置き換えが
必要です。各コピーの場所を示し、先に新しいランチャーを試します。置き換え前のものは
/var/lib/ark/lifekeeper に残します。最新のものは変更しません。

restore、remove、recover の実行中と、コピーが本製品のランチャーでない場合は拒否します。
何も停止、開始しません。各ノードで実行してください。

終了コード: 拒否した場合と、置き換えられないコピーがある場合は 1。
""",
    "lifekeeper unregister": """
リソースと、それを必要とするリソースを LifeKeeper から外します。

上位から順に perform_action で停止します。アプリケーションが止まるため、--stop を
付けたときだけ行います。Generic Application を全ノードでコマンドから削除する方法は
文書化されていないため、LifeKeeper の GUI で階層を削除してください。このノード用の
コマンドは、LifeKeeper のマニュアルで確認できるように表示します。--confirmed を
付けると実行します。リソースファイルは残ります。もう一度実行すると、残りを示します。

終了コード: まだ登録されているものがあれば 1。
""",
    "pacemaker": "Pacemaker のクラスターに渡すものを用意します。",
    "pacemaker install": """
リソースエージェント ocf:ark:PLUGIN を導入します (全ノードで実行)。

エージェントは変わることがなく、この環境を使い、環境変数からはパラメーターだけを受け
取ります。もう一度実行すると、異なるものだけを書きます。他のものは上書きしません。

終了コード: 導入できないエージェントがあれば 1。
""",
    "pacemaker uninstall": """
Generic ARK のエージェントをすべて削除します。他のものは残します。

クラスターが使用中のものは削除しないでください。停止できなくなります。
""",
    "pacemaker meta-data": """
エージェント ocf:ark:PLUGIN の説明を XML で出力します。

パラメーターと既定値、アクションと、タイマーから決まるタイムアウトです。
""",
    "pacemaker example": """
クラスターの構成例を、crm または pcs の形式で出力します。

JP1 サーバーの例です。仮想 IP アドレス、共有ディスク、JP1/Base、JP1/AJS3 - Manager を
1 つのグループにし、この順に開始、逆順に停止します。オペレーションのタイムアウトは
タイマーに必要な値です。何も変更しません。内容を確かめ、直してから適用してください。
""",
}

#: What each argument and option is for, by its English text.
TEXTS = {
    "Where the two nodes are made; it is emptied first.": (
        "2 つのノードを作るディレクトリ。先に空にします。"
    ),
    "A process of this name may end without fault; repeatable.": (
        "この名前のプロセスは、終了しても異常としません。複数指定可。"
    ),
    "Also where it runs here: stopped first, started at the end.": (
        "稼働中でも実行します。先に停止し、最後に開始します。"
    ),
    "Another one of the same plugin, to run beside the first.": (
        "同じプラグインの別のリソース。並行して動かします。"
    ),
    "A client's command; exit code 0: it was served.": (
        "クライアントのコマンド。終了コード 0 を応答ありとします。"
    ),
    "An address; a connection made: it was served.": ("アドレス。接続できれば応答ありとします。"),
    "How long one drill may take; by default, what the timers allow.": (
        "1 つの動作確認にかけてよい秒数。既定値はタイマーから決まります。"
    ),
    "The other node, where there is more than one.": (
        "もう一方のノード。候補が複数ある場合に指定します。"
    ),
    "local-recovery, failover, failback or all.": (
        "local-recovery、failover、failback、all のどれか。"
    ),
    "List the checks, and verify nothing.": "検査の一覧だけを表示します。",
    "Do not ask before it begins.": "開始前に確認を求めません。",
    "Import and look at every installed plugin.": (
        "インストール済みのすべてのプラグインをインポートして調べます。"
    ),
    "Print a site file to begin with.": "サイトファイルのひな形を表示します。",
    "Print the results as JSON.": "結果を JSON で表示します。",
    "Seconds for importing them.": "インポートにかけてよい秒数。",
    "The other node by ssh, or its answers (- for stdin): check the pair too.": (
        "他方のノード (ssh)、またはその回答 (- は標準入力)。2 台の照合も行います。"
    ),
    "The other node by ssh, or its answers (- for stdin).": (
        "他方のノード (ssh)、またはその回答 (- は標準入力)。"
    ),
    "Ask the other node by ssh: both on one screen.": (
        "もう一方のノードに ssh で問い合わせ、両ノードを並べて表示します。"
    ),
    "Print what --peer reads on the other node.": (
        "もう一方のノードの --peer が読むものを出力します。"
    ),
    "Read the other node's log too, by ssh.": "もう一方のノードのログも ssh で読みます。",
    "Order a switch to the other node there, by ssh, see first that it is ready, and read its "
    "RAS log for the report.": (
        "もう一方のノードへの切り替えを、ssh でそのノードで実行します。準備状況を確認し、"
        "報告書のために RAS ログも読みます。"
    ),
    "Make the other node's bundle there, by ssh, and put it in.": (
        "もう一方のノードのバンドルを、ssh でそのノードで作り、取り込みます。"
    ),
    "Print what ark drill --peer reads on the other node.": (
        "もう一方のノードの ark drill --peer が読むものを出力します。"
    ),
    "The plugin's name, for instance my-app.": "プラグインの名前。例: my-app",
    "The plugins to import and look at.": "インポートして調べるプラグイン。",
    "The product's name for people; NAME by default.": "人が読むための製品名。既定は NAME。",
    "The product's program; with --kind. Of systemd: systemctl, where it lies elsewhere.": (
        "製品のプログラム。--kind とともに指定します。systemd では、別の場所にある systemctl。"
    ),
    "The product's service, for --kind systemd. A template, app@.service, runs once for each "
    "logical host.": (
        "--kind systemd での、製品のサービス。テンプレート app@.service は、論理ホストごとに"
        " 1 つずつ動きます。"
    ),
    "The user it runs as; of a socket or pidfile.": (
        "実行ユーザー。socket か pidfile で指定できます。"
    ),
    "What a socket is asked; \\r \\n \\t \\0 are escapes.": (
        "ソケットに送る文字列。\\r \\n \\t \\0 はエスケープ。"
    ),
    "What its answer holds; any answer by default.": "応答に含まれる文字列。既定は任意の応答。",
    "socket: it stays in the foreground and listens on a TCP port. pidfile: it goes into the "
    "background and writes a pid file. command: a command starts, stops and asks it. systemd: it "
    "is a service of systemd.": (
        "socket: フォアグラウンドで動き、TCP ポートで待ち受けるもの。pidfile: バックグラウンドに"
        "移り、PID ファイルを書くもの。command: コマンドで開始、停止、状態確認を行うもの。"
        "systemd: systemd のサービス。"
    ),
    "What the program is called with. Places: {address} {port} of a socket, {pid_file}, {word} "
    "(start, stop, status) of a command, {host}. By default socket: --address {address} --port "
    "{port}; pidfile: --pid-file {pid_file}; command: {word} {host}.": (
        "プログラムの引数。置き換え: socket の {address} {port}、{pid_file}、command の {word} "
        "(start、stop、status)、{host}。既定は socket: --address {address} --port {port}、"
        "pidfile: --pid-file {pid_file}、command: {word} {host}。"
    ),
    "This check only; repeatable.": "この検査だけを行います。複数指定可。",
    "What is verified.": "検証するリソース。",
    "What to make; ark-NAME, here, by default.": "作るディレクトリ。既定はここの ark-NAME。",
    "Write the result there, as Markdown, for the delivery documents.": (
        "納品文書用に、結果を Markdown で書き出します。"
    ),
    "Write this node's answers there, for the other; - for stdout.": (
        "このノードの回答を、他方のノード用に書き出します。- は標準出力。"
    ),
    "Print the version.": "バージョンを表示します。",
    "Print the facts as JSON.": "JSON で出力します。",
    "Print one line for a monitoring system, and exit as it asks.": (
        "監視システム向けの 1 行と終了コードを出力します。"
    ),
    "Remove them; without it they are only listed.": "消去します。指定しなければ一覧だけです。",
    "Print the list as JSON.": "一覧を JSON で出力します。",
    "The resources to check; all by default.": "検証するリソース。省略時はすべて。",
    "Only check the configuration of these resources' products.": (
        "これらのリソースの製品の設定だけを確認します。"
    ),
    "restore, remove, quickcheck or recover.": "restore、remove、quickcheck、recover のどれか。",
    "The resource it is for.": "対象のリソース。",
    "Restore or remove, whatever the cluster manager's own state says.": (
        "クラスターマネージャーの状態にかかわらず、restore や remove を実行します。"
    ),
    "Told in full; all in short by default.": (
        "詳しく表示するリソース。省略時はすべてを簡潔に表示します。"
    ),
    "How long to wait for an answer.": "応答を待つ時間。",
    "Look again and again; end with ^C.": "繰り返し表示します。^C で終了。",
    "With --watch: from one look to the next.": "--watch の表示間隔。",
    "Whose runs; by default, all.": "表示するリソース。省略時はすべて。",
    "Show lines instead of runs, by default the last 40.": (
        "実行ではなく行を表示します。省略時は最後の 40 行。"
    ),
    "How many of the last; 20 runs, or 40 lines.": "最後のいくつを表示するか。実行 20、行 40。",
    "Only what failed, was aborted or is BLIND.": "失敗、中断、監視不能だけを表示します。",
    "Only what took more than half of a timer.": "タイマーの半分を超えたものだけを表示します。",
    "Only near misses: well, with more than 80 % of a timer.": (
        "正常でもタイマーの 80 % を超えたものだけを表示します。"
    ),
    "Only scripts whose start or end is not in the log.": (
        "開始または終了がログにないスクリプトだけを表示します。"
    ),
    "Only this logical host.": "この論理ホストだけを表示します。",
    "From then on: 2h, 30m, 7d, 18:00, 2026-11-23T18:00.": (
        "この時刻以降。2h、30m、7d、18:00、2026-11-23T18:00。"
    ),
    "Until then.": "この時刻まで。",
    "Read this log, or the one in this directory, instead; - for stdin. May be repeated.": (
        "このログ、またはこのディレクトリのログを読みます。- は標準入力。複数指定可。"
    ),
    "Also show the lines that are none of the RAS log.": "RAS ログでない行も表示します。",
    "Whose failure; by default, any.": "対象のリソース。省略時はすべて。",
    "Whose incident; by default, any.": "対象のリソース。省略時はすべて。",
    "A period from then on, instead of an incident.": (
        "障害ではなく、この時刻以降の期間を対象にします。"
    ),
    "Add so much to the times of a node, whose clock differs. May be repeated.": (
        "時計の異なるノードの時刻に加える秒数。複数指定可。"
    ),
    "Write the picture alone.": "図だけを書き出します。",
    "Write Chrome trace events instead.": "代わりに Chrome のトレースを書き出します。",
    "Where to; - for stdout.": "書き出し先。- は標準出力。",
    "Where to: a file, a directory; - for stdout.": (
        "書き出し先のファイルまたはディレクトリ。- は標準出力。"
    ),
    "Only list what would be inside.": "含めるものの一覧だけを表示します。",
    "Logs from then on: 2h, 30m, 7d, 2026-11-23T18:00.": (
        "この時刻以降のログ。2h、30m、7d、2026-11-23T18:00。"
    ),
    "Logs until then.": "この時刻までのログ。",
    "At most so many MiB of a node, before they are packed.": (
        "1 ノードにつき、圧縮前で最大何 MiB か。"
    ),
    "The other node's bundle: put in beside this one's.": (
        "他方のノードのバンドル。このノードのものと並べて入れます。"
    ),
    "Ask nobody: no application, plugin or cluster manager.": (
        "アプリケーション、プラグイン、クラスターマネージャーのどれにも問い合わせません。"
    ),
    "With --list: print the facts as JSON.": "--list とともに指定: 一覧を JSON で出力します。",
    "The failure at that time, or the last one before it.": "この時刻、またはその直前の失敗。",
    "Go on as lines are written; end with ^C.": "書き込まれる行を続けて表示します。^C で終了。",
    "Its timers; the defaults where none is named.": "対象のリソース。省略時は既定値を表示します。",
    "What was measured from then on.": "この時刻以降の実績だけを使います。",
    "Write a page for auditors there; - for stdout.": ("監査用のページの出力先。- は標準出力。"),
    "Say what to set, from what the RAS log says was needed.": (
        "RAS ログの実績から、設定すべき値を示します。"
    ),
    "Resources or logical hosts; by default, list all.": (
        "対象のリソースまたは論理ホスト。省略時は一覧。"
    ),
    "Resources, or logical hosts: all of their resources, in order.": (
        "対象のリソースまたは論理ホスト。論理ホストは、そのすべてのリソースを順に。"
    ),
    "With all that they require and all that requires them, in turn.": (
        "対象が必要とするリソースと、対象を必要とするリソースを、すべて含めます。"
    ),
    "Why; status, list and RAS log show it.": "理由。状態、一覧、RAS ログに表示します。",
    "On the other node too, by ssh; or list both nodes.": (
        "もう一方のノードでも ssh で行います。または両ノードの一覧を表示します。"
    ),
    "Check all of it here; begin and end nothing.": (
        "このノードで確認だけを行い、開始も終了もしません。"
    ),
    'When it ends by itself: "HH:MM" or "YYYY-MM-DD HH:MM".': (
        '自動で終わる時刻: "HH:MM" または "YYYY-MM-DD HH:MM"。'
    ),
    "Where to write them; made where it is missing.": "作成先。なければ作ります。",
    "Baked in: comes before every path of ours. ARK_PREFIX by default.": (
        "埋め込む値: すべてのパスの前に付きます。既定値は ARK_PREFIX。"
    ),
    "With what they require; by default, all of this node.": (
        "対象のリソース。それが必要とするリソースも含みます。省略時はこのノードのすべて。"
    ),
    "By default, all.": "省略時はすべて。",
    "LifeKeeper's IP resource that the lowest needs.": (
        "最下位のリソースが依存する、LifeKeeper の IP リソース。"
    ),
    "LifeKeeper's file system resource that it needs.": (
        "最下位のリソースが依存する、LifeKeeper のファイルシステムリソース。"
    ),
    "It needs no IP and no file system resource.": (
        "IP リソースもファイルシステムリソースも必要としません。"
    ),
    "Print the commands; run and write nothing.": "コマンドを表示し、何も実行、作成しません。",
    "Bring each in service once it is made.": "作成したら起動します。",
    "Whether it moves back by itself.": "自動で切り戻すかどうか。",
    "This node; its host name by default.": "このノード。省略時はホスト名。",
    "Where the launchers are put; /etc/ark/lifekeeper by default.": (
        "ランチャーの作成先。省略時は /etc/ark/lifekeeper。"
    ),
    "Application info; not read.": "Application Info。使用しません。",
    "Write it, for this plugin.": "このプラグインのリソースファイルを作成します。",
    "The logical host that it protects.": "保護する論理ホスト。",
    "What must run before it.": "先に稼働している必要のあるリソース。",
    "What must be mounted before it.": "先にマウントされている必要のあるディレクトリ。",
    "An option of the plugin.": "プラグインのオプション。",
    "With what requires them.": "対象のリソース。それを必要とするリソースも含みます。",
    "Take out of service what is in service: it is stopped.": (
        "起動中のものを停止します。アプリケーションが止まります。"
    ),
    "Run the commands that no manual confirms, too; on this node.": (
        "マニュアルで確認できないコマンドも、このノードで実行します。"
    ),
    "Say what would be replaced; write nothing.": "置き換え対象を表示し、何も書きません。",
    "Print the commands; run nothing.": "コマンドを表示し、何も実行しません。",
    "Their agents; all that are installed.": "対象のプラグイン。省略時は導入済みのすべて。",
    "Write beneath this directory, for a package. / by default.": (
        "このディレクトリの下に作成します (パッケージ用)。"
    ),
    "The plugin.": "プラグイン。",
    "One resource of it; by default, a JP1 server.": (
        "このプラグインのリソース 1 つ。省略時は JP1 サーバー。"
    ),
    "For crm, or as commands of pcs.": "crm 用、または pcs のコマンド。",
    "Mutual standby: a second JP1 server, at home on node 2.": (
        "相互スタンバイ: node 2 で稼働する 2 つ目の JP1 サーバーも含めます。"
    ),
    "LHOST1 by default; twice with --mutual.": "省略時は LHOST1。--mutual では 2 回指定。",
    "192.0.2.11 by default; twice with --mutual.": "省略時は 192.0.2.11。--mutual では 2 回指定。",
    "/dev/jp1/lhost1 by default; twice with --mutual.": (
        "省略時は /dev/jp1/lhost1。--mutual では 2 回指定。"
    ),
    "/shared/lhost1 by default; twice with --mutual.": (
        "省略時は /shared/lhost1。--mutual では 2 回指定。"
    ),
    "node1 and node2 by default; given twice.": "省略時は node1 と node2。2 回指定します。",
}
