/** The status texts of the phone in the languages there are beside English. `{n}` is a number of seconds. */
import type { GLOBAL_TEXTS } from '../status/status-texts.js';

export type StatusTextKey = keyof typeof GLOBAL_TEXTS | 'inCall' | 'speaking';

export type StatusTexts = Readonly<Record<StatusTextKey, string>>;

const KEYS = [
  'starting',
  'initialized',
  'idle',
  'ready',
  'register',
  'registering',
  'registerFailed',
  'registered',
  'unregistered',
  'notRegistered',
  'noNetwork',
  'accept',
  'call',
  'callInitiated',
  'calling',
  'ringing',
  'incoming',
  'hangup',
  'callFinished',
  'chat',
  'inCall',
  'speaking',
  'connecting',
  'securing',
  'unreachable',
] as const satisfies readonly StatusTextKey[];

/** The texts in the order of the keys, separated by bars. */
function texts(row: string): StatusTexts {
  const parts = row.split('|').map((part) => part.trim());
  return Object.fromEntries(KEYS.map((key, at) => [key, parts[at]])) as Record<StatusTextKey, string>;
}

export const STATUS_CATALOGUE = {
  ru: texts(
    'Запуск...|Инициализировано|Ожидание.|Готово|Регистрация...|Выполняется регистрация...|Ошибка регистрации|Зарегистрировано.|Регистрация снята|Не зарегистрировано|Нет сети|Принять|Вызов|Вызов начат|Вызываю...|Звонок...|Входящий вызов...|Завершить|Вызов завершён|Чат|Разговор ({n} с)|Разговор идёт ({n} с)|Подключение...|Защита соединения...|Адрес сервера недоступен',
  ),
  hu: texts(
    'Indítás...|Inicializálva|Tétlen.|Kész|Regisztrálás...|Regisztráció folyamatban...|Sikertelen regisztráció|Regisztrálva.|Kijelentkezve|Nincs regisztrálva|Nincs hálózat|Fogadás|Hívás|Hívás kezdeményezve|Hívás folyamatban...|Kicseng...|Bejövő hívás...|Letesz|A hívás véget ért|Üzenet|Hívásban ({n} mp)|Beszélgetés ({n} mp)|Kapcsolódás...|Titkosítás...|A szerver címe nem érhető el',
  ),
  ro: texts(
    'Pornire...|Inițializat|Inactiv.|Gata|Înregistrare...|Se înregistrează...|Înregistrare eșuată|Înregistrat.|Înregistrare anulată|Neînregistrat|Fără rețea|Acceptă|Apel|Apel inițiat|Se apelează...|Sună...|Apel primit...|Închide|Apel încheiat|Mesaj|În apel ({n} sec)|Se vorbește ({n} sec)|Se conectează...|Se securizează...|Adresa serverului este inaccesibilă',
  ),
  de: texts(
    'Startet...|Bereitgestellt|Untätig.|Bereit|Anmelden...|Wird angemeldet...|Anmeldung fehlgeschlagen|Angemeldet.|Abgemeldet|Nicht angemeldet|Kein Netz|Annehmen|Anruf|Anruf begonnen|Ruft an...|Klingelt...|Ankommender Anruf...|Auflegen|Anruf beendet|Nachricht|Im Gespräch ({n} s)|Es wird gesprochen ({n} s)|Verbinde...|Verschlüssele...|Serveradresse nicht erreichbar',
  ),
  it: texts(
    'Avvio...|Inizializzato|Inattivo.|Pronto|Registrazione...|Registrazione in corso...|Registrazione fallita|Registrato.|Registrazione rimossa|Non registrato|Nessuna rete|Rispondi|Chiama|Chiamata avviata|Chiamata in corso...|Squilla...|Chiamata in arrivo...|Riaggancia|Chiamata terminata|Messaggio|In chiamata ({n} s)|In conversazione ({n} s)|Connessione...|Protezione...|Indirizzo del server irraggiungibile',
  ),
  es: texts(
    'Iniciando...|Inicializado|Inactivo.|Listo|Registro...|Registrando...|Registro fallido|Registrado.|Registro anulado|No registrado|Sin red|Aceptar|Llamar|Llamada iniciada|Llamando...|Sonando...|Llamada entrante...|Colgar|Llamada terminada|Mensaje|En llamada ({n} s)|Hablando ({n} s)|Conectando...|Asegurando...|Dirección del servidor inaccesible',
  ),
  tr: texts(
    'Başlatılıyor...|Hazırlandı|Boşta.|Hazır|Kayıt...|Kaydediliyor...|Kayıt başarısız|Kayıtlı.|Kayıt silindi|Kayıtlı değil|Ağ yok|Kabul et|Ara|Arama başladı|Aranıyor...|Çalıyor...|Gelen arama...|Kapat|Arama bitti|Mesaj|Görüşmede ({n} sn)|Konuşuluyor ({n} sn)|Bağlanıyor...|Güvenli hale getiriliyor...|Sunucu adresine ulaşılamıyor',
  ),
  pt: texts(
    'A iniciar...|Inicializado|Inativo.|Pronto|Registo...|A registar...|Falha no registo|Registado.|Registo removido|Não registado|Sem rede|Atender|Ligar|Chamada iniciada|A ligar...|A tocar...|Chamada recebida...|Desligar|Chamada terminada|Mensagem|Em chamada ({n} s)|A falar ({n} s)|Conectando...|Protegendo...|Endereço do servidor inacessível',
  ),
  ja: texts(
    '起動中...|初期化済み|待機中|準備完了|登録...|登録中...|登録失敗|登録済み|登録解除|未登録|ネットワークなし|応答|発信|発信開始|発信中...|呼び出し中...|着信中...|切断|通話終了|チャット|通話中 ({n} 秒)|会話中 ({n} 秒)|接続中...|暗号化中...|サーバーアドレスに到達できません',
  ),
  fr: texts(
    "Démarrage...|Initialisé|Inactif.|Prêt|Enregistrement...|Enregistrement en cours...|Échec de l'enregistrement|Enregistré.|Désenregistré|Non enregistré|Pas de réseau|Accepter|Appel|Appel lancé|Appel en cours...|Sonne...|Appel entrant...|Raccrocher|Appel terminé|Message|En communication ({n} s)|Conversation ({n} s)|Connexion...|Sécurisation...|Adresse du serveur injoignable",
  ),
  zh: texts(
    '正在启动...|已初始化|空闲|就绪|注册...|正在注册...|注册失败|已注册|已注销|未注册|无网络|接听|呼叫|已发起呼叫|正在呼叫...|振铃中...|来电...|挂断|通话结束|聊天|通话中 ({n} 秒)|正在通话 ({n} 秒)|正在连接...|正在加密...|无法访问服务器地址',
  ),
} as const satisfies Record<string, StatusTexts>;
