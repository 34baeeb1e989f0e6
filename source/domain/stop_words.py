"""Words that say nothing of a topic, and words by which people speak of themselves, in some common languages."""

STOP_WORDS = frozenset(
    """
    a about after again all also am an and any are as at be because been before being but by can cannot could
    did do does doing don down each few for from further get go going good got had has have having he hello her
    here hers hey hi him his how i if in into is it its just know let like ll me more most my no nor not now of
    off oh ok okay on once only or other our out over own please re really right s same she should so some such
    sure t than thank thanks that the their them then there these they thing things think this those through to
    too under until up us ve very want was we well were what when where which while who whom why will with would
    yeah yes you your aber alle als auch auf aus bei bin bis bitte da danke das dass dein dem den der des die
    dir doch du ein eine einem einen einer er es für hab habe haben hallo hat ich ihr im ist ja kann kein mal
    man mein mich mir mit nach nein nicht noch nur oder schon sehr sein sich sie sind und uns von vor war wenn
    wer wie wir wird zu zum zur über al au aux avec bonjour ce ces cette dans de elle en est et eu il ils je la
    le les leur lui ma mais merci mes moi mon ne nous oui ou où par pas pour qu que qui sa salut se ses si son
    sont sur ta te tu un une vous como con cuando del donde el ella eres esta este esto fue gracias hay hola las
    lo los mas mi mis muy más nada nos pero por porque qué quien sin sobre soy su sus sí también tengo una uno y
    ya yo anche che chi ci ciao come cosa dal dei della di dove e grazie gli ha ho io mio nel non noi o per
    perché più quando quello questo sei sono ao com dos ela ele em foi isso já meu minha muito na não obrigado
    olá os para qual são sem seu sim sou sua também tem uma você aan bij dat deze dit een het hij hoe ik maar
    met mijn naar niet nog om ook op van voor wat wel wij zijn а бы был была были быть в вам вас во все всё вы
    где да для до его ее если есть еще ещё же за и из или им их к как ко когда кто ли меня мне мой моя мы на не
    нет но ну о об он она они от очень по под при привет с со спасибо так там то тоже только ты у уже что чтобы
    это я
    """.split()  # noqa: SIM905
)

FIRST_PERSON = frozenset(
    """
    i im me my mine we our us ich mich mir mein meine meinem meinen meiner wir unser unsere je j moi mon mes
    nous notre nos yo mi mis soy tengo estoy nosotros nuestro nuestra io mio mia miei mie sono ho noi nostro
    nostra eu meu minha meus minhas sou tenho nós nosso nossa ik mijn mij wij ons onze я меня мне мной мой моя
    моё мое мои мы нас нам наш наша
    """.split()  # noqa: SIM905
)

# Written without spaces, so looked for anywhere in a sentence.
FIRST_PERSON_SIGNS = ("我", "私", "僕", "俺", "나는", "저는", "제가", "내가")
