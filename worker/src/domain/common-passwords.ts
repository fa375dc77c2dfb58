/** Passwords that guessers try first. Shorter ones than may be chosen are left out. */

/** In lower case. */
const COMMON: ReadonlySet<string> = new Set(
  `
  password password1 password12 password123 password1234 password! password1! password@1 password@123
  passw0rd passw0rd1 p@ssw0rd p@ssword p@ssw0rd1 p@ssw0rd123 pa$$word pa$$w0rd passpass passphrase
  mypassword yourpassword newpassword oldpassword thepassword nopassword changeme changeme1 changeme123
  changeit changethis temppass temp1234 temporary default1 default123 letmein1 letmein123 letmeinnow
  welcome1 welcome12 welcome123 welcome1234 welcome@123 welcome! hello123 hello1234 hellohello
  qwertyuiop qwertyui qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty!@# qwertyqwerty
  1qaz2wsx 1qaz2wsx3edc 1qazxsw2 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 qazwsxedc
  qazwsx12 qazwsx123 zaq12wsx zaq1zaq1 zaq1xsw2 asdfghjk asdfghjkl asdf1234 asdfasdf asdf12345 zxcvbnm1
  zxcvbnm123 zxcvbnm, qweasdzxc qweasd123 qwe12345 qwer1234 qwerasdf asd12345 asdqwe123 zxc12345
  abcd1234 abc12345 abc123456 abc1234567 abcdefg1 abcabc123 abcd12345 a1b2c3d4 a1b2c3d4e5 a12345678
  a123456789 aa123456 aa12345678 aaa12345 a1234567 q1234567 qq123456 qq12345678 w1234567 z1234567
  123qweasd 123qwe123 123abc123 123456ab 123456abc 12345qwe 12345qwert 123456qwe 1234qwer 1234abcd
  12341234 123123123 12121212 11223344 1122334455 112233445566 11112222 123321123 123454321 12344321
  147258369 159753456 159357258 789456123 741852963 963852741 987412365 135792468 246813579 13579135
  31415926 314159265 88888888a 66668888 88886666 52013140 5201314520 1314520520 5201314a 1314521521
  woaini1314 woaini520 woaini521 woaini123 woaiwojia wodemima mima1234 mima123456 zhangwei123 wangwei123
  qq123456789 aini1314 iloveyou iloveyou1 iloveyou2 iloveyou123 ilovegod iloveme1 loveyou1 lovelove
  loveme123 sunshine sunshine1 princess princess1 princess123 football football1 football123 baseball
  baseball1 basketball superman superman1 batman123 spiderman starwars starwars1 pokemon1 pokemon123
  dragon123 dragon12 monkey123 monkey12 shadow123 shadow12 master123 master12 michael1 michael123
  jordan23 jordan123 charlie1 charlie123 jessica1 jennifer jennifer1 michelle michelle1 elizabeth
  ashley123 daniel123 matthew1 anthony1 victoria alexander alexandra christopher chocolate chocolate1
  computer computer1 computer123 internet internet1 internet123 security security1 samsung1 samsung123
  microsoft windows10 windows11 linux123 oracle123 google123 facebook1 liverpool liverpool1 chelsea1
  arsenal1 barcelona realmadrid manchester newyork1 corvette mustang1 mercedes yamaha12 whatever
  whatever1 trustno1 trustno1! freedom1 freedom123 killer123 blink182 november december september
  butterfly cheesecake snowflake rainbow1 midnight nicholas1 maverick phoenix1 cristina scorpion
  administrator admin123 admin1234 admin12345 admin123456 admin888 admin@123 admin@1234 admin!@# adminadmin
  adminpass root1234 rootroot root123456 rootpassword toor1234 superuser sysadmin user1234 user12345
  username username1 useruser guest123 guest1234 guestguest test1234 test12345 test123456 testtest
  testing1 testing123 tester123 demo1234 demodemo login123 login1234 access123 access14 secret123
  secret12 topsecret server123 master1234 manager1 manager123 office123 company1 company123 service1
  mysql123 mysql1234 redis123 nginx123 postgres docker123 deepseek deepseek1 deepseek123 chatgate
  chatgate1 chatgate123 openai123 chatgpt1 chatgpt123 gpf_learning guopengfei guopengfei123
  `
    .trim()
    .split(/\s+/),
)

/** Returns true for a password of the list, whatever its case, and for runs such as 12345678 or aaaaaaaa. */
export function isCommonPassword(password: string): boolean {
  return COMMON.has(password.toLowerCase()) || isRun(password)
}

/** Every character is as far from the one before it: the same one, the next one, or the one before. */
function isRun(password: string): boolean {
  const codes = [...password.toLowerCase()].map((char) => char.codePointAt(0) ?? 0)
  const steps = new Set(
    // After 9 comes 0.
    codes.slice(1).map((code, at) => {
      const step = code - (codes[at] ?? 0)
      return step === -9 ? 1 : step === 9 ? -1 : step
    }),
  )
  const [step = 0] = steps
  return steps.size === 1 && Math.abs(step) <= 1
}
